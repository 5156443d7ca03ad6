namespace ScalableTemplates.Tests.EndToEnd;

internal static class Programs
{
    /// <param name="program">The name of a program.</param>
    /// <param name="places">Folders to look into before those of the PATH; a star stands for any one folder, the last in order wins.</param>
    /// <returns>The folder that has the program, or null.</returns>
    public static string? FindFolder(string program, params string[] places) =>
        places.SelectMany(Expand)
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, program)));

    private static IEnumerable<string> Expand(string place)
    {
        if (place.Split('*') is not [var before, var after])
        {
            return [place];
        }

        return Directory.Exists(before)
            ? Directory.GetDirectories(before).Order(StringComparer.Ordinal).Reverse().Select(folder => folder + after)
            : [];
    }
}
