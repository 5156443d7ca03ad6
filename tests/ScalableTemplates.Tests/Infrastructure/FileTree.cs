using System.Text;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>The files of an output by relative path, in ordinal order.</summary>
internal sealed partial class FileTree
{
    private readonly SortedDictionary<string, string> files = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Files => files;

    public static FileTree Read(string folder)
    {
        var tree = new FileTree();
        foreach (var file in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
        {
            var path = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (!BuildOutput().IsMatch(path))
            {
                tree.files.Add(path, ReadText(file));
            }
        }

        return tree;
    }

    /// <summary>Returns the tree with the GUIDs that are new in each output replaced by constant ones.</summary>
    public FileTree Scrub()
    {
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var tree = new FileTree();
        foreach (var (path, text) in files)
        {
            tree.files.Add(path, FreshIdentifier().Replace(text, match =>
            {
                names.TryAdd(match.Value, $"00000000-0000-0000-0000-{names.Count + 1:D12}");
                return names[match.Value];
            }));
        }

        return tree;
    }

    /// <summary>Writes the files below a folder.</summary>
    public async Task WriteAsync(string folder)
    {
        foreach (var (path, text) in files)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, text);
        }
    }

    private static string ReadText(string file)
    {
        var bytes = File.ReadAllBytes(file);
        return bytes.Contains((byte)0) ? $"({bytes.Length} bytes)" : Encoding.UTF8.GetString(bytes);
    }

    [GeneratedRegex(@"(^|/)(bin|obj)/")]
    private static partial Regex BuildOutput();

    [GeneratedRegex(@"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")]
    private static partial Regex FreshIdentifier();
}
