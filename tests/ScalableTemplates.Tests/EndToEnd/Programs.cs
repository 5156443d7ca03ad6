namespace ScalableTemplates.Tests.EndToEnd;

internal static class Programs
{
    /// <param name="program">The name of the program.</param>
    /// <param name="folders">Folders to search before those of the PATH. A star matches one folder name; the last match in order wins.</param>
    /// <returns>The folder of the program; null if it is not installed.</returns>
    public static string? FindFolder(string program, params string[] folders) =>
        folders.SelectMany(Expand)
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, program)));

    private static IEnumerable<string> Expand(string folder)
    {
        if (folder.Split('*') is not [var before, var after])
        {
            return [folder];
        }

        return Directory.Exists(before)
            ? Directory.GetDirectories(before).Order(StringComparer.Ordinal).Reverse().Select(match => match + after)
            : [];
    }
}
