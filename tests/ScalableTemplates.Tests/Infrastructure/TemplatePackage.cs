namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>The package, packed once for the whole run.</summary>
internal static class TemplatePackage
{
    private static readonly Lazy<Task<PackResult>> Packed = new(PackAsync);

    public static Task<PackResult> GetAsync() => Packed.Value;

    private static async Task<PackResult> PackAsync()
    {
        var folder = TempFolder.Create("package");
        var result = await Command.DotnetAsync(Repo.Root, "pack", Repo.PackProject, "--output", folder);
        result.EnsureSuccess();
        return new PackResult(Directory.GetFiles(folder, "*.nupkg").Single(), result.Everything);
    }
}

internal sealed record PackResult(string File, string Log);
