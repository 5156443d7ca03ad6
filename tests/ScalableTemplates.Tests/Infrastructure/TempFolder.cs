namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>One folder for all files of a run, outside the repository so that none of its settings reach the output.</summary>
internal static class TempFolder
{
    private static readonly string Root = CreateRoot();

    public static string Create(string purpose)
    {
        var folder = Path.Combine(Root, $"{purpose}-{Guid.NewGuid():N}"[..(purpose.Length + 9)]);
        return Directory.CreateDirectory(folder).FullName;
    }

    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A process that was just killed may still hold a file; what stays goes with the system's temporary files.
        }
    }

    private static string CreateRoot()
    {
        var root = Directory.CreateTempSubdirectory("scalable-templates-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            // The database server runs as another user, who has to get through.
            File.SetUnixFileMode(root, File.GetUnixFileMode(root)
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Delete(root);
        return root;
    }
}
