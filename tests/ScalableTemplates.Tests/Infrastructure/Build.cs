namespace ScalableTemplates.Tests.Infrastructure;

internal static class Build
{
    /// <summary>Builds a solution as its owner does, but with every warning an error.</summary>
    public static async Task AssertSucceedsAsync(string folder)
    {
        var result = await Command.DotnetAsync(folder, "build", "-warnaserror");

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains("0 Warning(s)", result.Output, StringComparison.Ordinal);
        // A hundred megabytes each; where the build fails they stay for a look.
        TempFolder.Delete(folder);
    }
}
