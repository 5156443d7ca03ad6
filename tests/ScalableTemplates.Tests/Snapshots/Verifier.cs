using System.Runtime.CompilerServices;
using System.Text;
using ScalableTemplates.Tests.Infrastructure;

namespace VerifyXunit;

/// <summary>
/// Stands in for Verify where the feed lacks it: it reads the same files, has the same methods, and fails on any difference. It is
/// excluded from the build with <c>UseVerify=true</c>.
/// </summary>
internal static class Verifier
{
    public static SettingsTask Verify(string target, [CallerFilePath] string sourceFile = "") =>
        new(Path.GetDirectoryName(sourceFile) ?? "", task => task.CompareTextAsync(target));

    public static SettingsTask VerifyDirectory(string path, [CallerFilePath] string sourceFile = "") =>
        new(Path.GetDirectoryName(sourceFile) ?? "", task => task.CompareDirectoryAsync(path));
}

internal sealed class SettingsTask(string folder, Func<SettingsTask, Task> compare)
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

    public SettingsTask UseSplitModeForUniqueDirectory() => this;

    public TaskAwaiter GetAwaiter() => compare(this).GetAwaiter();

    public async Task CompareTextAsync(string target)
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
        Assert.Fail("The output differs from the snapshot. If that is intended: bash tests/accept");
    }

    public async Task CompareDirectoryAsync(string path)
    {
        var verified = Path.Combine(folder, name + ".verified");
        var received = Path.Combine(folder, name + ".received");
        if (Directory.Exists(received))
        {
            Directory.Delete(received, recursive: true);
        }

        var expected = Directory.Exists(verified) ? FileTree.Read(verified).Files : new Dictionary<string, string>();
        var actual = FileTree.Read(path).Files;
        var differences = expected.Keys.Union(actual.Keys).Where(file => expected.GetValueOrDefault(file) != actual.GetValueOrDefault(file)).Order().ToList();
        if (differences.Count == 0)
        {
            return;
        }

        foreach (var (file, text) in actual)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(received, file))!);
            await File.WriteAllTextAsync(Path.Combine(received, file), text);
        }

        Assert.Fail(
            $"The output differs from the snapshot in {string.Join(", ", differences)}. If that is intended: bash tests/accept");
    }
}
