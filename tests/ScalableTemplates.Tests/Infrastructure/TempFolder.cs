namespace ScalableTemplates.Tests.Infrastructure;

/// <summary>The folder for all files of a test run, outside the repository so that its settings do not apply to outputs.</summary>
internal static class TempFolder
{
    private const string SharedMemory = "/dev/shm";

    private static readonly string Root = CreateRoot();

    public static string Create(string purpose) => Create(Root, purpose);

    /// <summary>
    /// Creates a folder for small files that are deleted at once, in memory if possible: ext4 is slow at creating files right after
    /// deleting others.
    /// </summary>
    public static string CreateInMemory(string purpose) =>
        Create(Directory.Exists(SharedMemory) ? SharedMemory : Root, $"scalable-templates-{purpose}");

    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A process that was just killed may still hold a file. The system deletes remaining temporary files.
        }
    }

    private static string Create(string parent, string purpose)
    {
        var folder = Path.Combine(parent, $"{purpose}-{Guid.NewGuid():N}"[..(purpose.Length + 9)]);
        return Directory.CreateDirectory(folder).FullName;
    }

    private static string CreateRoot()
    {
        var root = Directory.CreateTempSubdirectory("scalable-templates-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            // The database server runs as another user, which needs access.
            File.SetUnixFileMode(root, File.GetUnixFileMode(root)
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Delete(root);
        return root;
    }
}
