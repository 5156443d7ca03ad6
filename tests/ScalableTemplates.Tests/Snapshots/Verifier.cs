using System.Runtime.CompilerServices;
using System.Text;

namespace VerifyXunit;

/// <summary>
/// Stands in for Verify where the feed lacks it: reads the same files, is called in the same way, and fails on any
/// difference. It is left out of the build with <c>UseVerify=true</c>.
/// </summary>
internal static class Verifier
{
    public static SettingsTask Verify(string target, [CallerFilePath] string sourceFile = "") =>
        new(target, Path.GetDirectoryName(sourceFile) ?? "");
}

internal sealed class SettingsTask(string target, string folder)
{
    private string name = "snapshot";

    public SettingsTask UseDirectory(string directory)
    {
        folder = Path.Combine(folder, directory);
        return this;
    }

    public SettingsTask UseFileName(string fileName)
    {
        name = fileName;
        return this;
    }

    public TaskAwaiter GetAwaiter() => CompareAsync().GetAwaiter();

    private async Task CompareAsync()
    {
        var verified = Path.Combine(folder, name + ".verified.txt");
        var received = Path.Combine(folder, name + ".received.txt");
        if (File.Exists(verified) && await File.ReadAllTextAsync(verified) == target)
        {
            File.Delete(received);
            return;
        }

        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(received, target, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Fail($"The output differs from the snapshot. If that is intended: mv '{received}' '{verified}'");
    }
}
