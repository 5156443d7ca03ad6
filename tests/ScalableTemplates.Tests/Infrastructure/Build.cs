namespace ScalableTemplates.Tests.Infrastructure;

internal static class Build
{
    /// <summary>Builds a solution with warnings as errors.</summary>
    public static async Task AssertSucceedsAsync(string folder)
    {
        var result = await Command.DotnetAsync(folder, "build", "-warnaserror");

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains("0 Warning(s)", result.Output, StringComparison.Ordinal);
        // An output takes about 100 MB. It is kept for inspection if the build fails.
        TempFolder.Delete(folder);
    }
}
