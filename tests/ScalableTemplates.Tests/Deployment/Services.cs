using System.Globalization;
using System.Text.RegularExpressions;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>What the code and the documentation of an output say about its services.</summary>
internal static partial class Services
{
    // The images of .NET set ASPNETCORE_HTTP_PORTS to it.
    public const string RequestPort = "8080";

    /// <summary>The names of the images, as ContainerRepository in Directory.Build.props has them.</summary>
    public static IReadOnlyList<string> Images(IReadOnlyDictionary<string, string> files)
    {
        Assert.Contains("<ContainerRepository>shop-$(MSBuildProjectName.ToLowerInvariant())</ContainerRepository>", files["Directory.Build.props"], StringComparison.Ordinal);
        return [.. Processes(files).Select(process => $"shop-{process.ToLowerInvariant()}").Order()];
    }

    /// <summary>The projects that run, without the AppHost.</summary>
    public static IEnumerable<string> Processes(IReadOnlyDictionary<string, string> files) =>
        files.Keys.Select(path => Program().Match(path)).Where(match => match.Success).Select(match => match.Groups["project"].Value);

    public static string ProbePort(IReadOnlyDictionary<string, string> files) =>
        Regex.Match(files["src/ServiceDefaults/HealthExtensions.cs"], @"DefaultPort = (?<port>\d+);").Groups["port"].Value;

    public static bool HasProbe(IReadOnlyDictionary<string, string> files, string path) =>
        files["src/ServiceDefaults/HealthExtensions.cs"].Contains($"\"{path}\" =>", StringComparison.Ordinal);

    /// <summary>The seconds in which a process has exited after SIGTERM.</summary>
    public static int ShutdownSeconds(IReadOnlyDictionary<string, string> files) => int.Parse(
        Regex.Match(files["src/ServiceDefaults/GracefulShutdown.cs"], @"TotalTimeout = TimeSpan.FromSeconds\((?<seconds>\d+)\);").Groups["seconds"].Value, CultureInfo.InvariantCulture);

    /// <summary>The settings of docs/configuration.md with their defaults; a placeholder such as &lt;consumer&gt; is not expanded.</summary>
    public static IEnumerable<(string Name, string Default)> Settings(IReadOnlyDictionary<string, string> files) =>
        from row in SettingRow().Matches(files["docs/configuration.md"])
        from name in Regex.Matches(row.Groups["names"].Value, "`(?<name>[^`]+)`")
        select (name.Groups["name"].Value, row.Groups["default"].Value);

    /// <summary>What is wrong with the environment variables of the processes, by the names of their projects.</summary>
    public static IEnumerable<string> Check(IReadOnlyDictionary<string, string> files, IReadOnlyDictionary<string, IReadOnlySet<string>> variables, bool isDevelopment = false)
    {
        var settings = Settings(files).ToList();
        var provided = variables.ToDictionary(process => process.Key, process => process.Value.Select(name => name.Replace("__", ":", StringComparison.Ordinal)).ToHashSet());
        var unknown =
            from process in provided
            from name in process.Value
            where !name.StartsWith("DOTNET_", StringComparison.Ordinal) && !settings.Exists(setting => IsWithin(name, setting.Name))
            select $"{process.Key}: {name} is not a setting";
        var missing =
            from setting in settings
            where setting.Default.StartsWith("required", StringComparison.Ordinal) && !(isDevelopment && setting.Name.StartsWith("Authentication:", StringComparison.Ordinal))
            where !provided.Values.Any(names => names.Any(name => IsWithin(name, setting.Name)))
            select $"{setting.Name} is required";
        var missingInProcess =
            from process in provided
            let program = files[$"src/{process.Key}/Program.cs"]
            from dependency in new[] { ("AddDatabase", "database"), ("AddReadReplica", "replica"), ("AddCache", "cache"), ("AddMessaging", "broker"), ("ServiceRole.Add", "owner") }
            where program.Contains($"{dependency.Item1}(", StringComparison.Ordinal)
                && settings.Exists(setting => setting.Name == $"ConnectionStrings:{dependency.Item2}") && !process.Value.Contains($"ConnectionStrings:{dependency.Item2}")
            select $"{process.Key} needs ConnectionStrings:{dependency.Item2}";
        return unknown.Concat(missing).Concat(missingInProcess);
    }

    // An item of a list, or a setting of a section.
    private static bool IsWithin(string name, string setting) => name == setting || name.StartsWith(setting + ':', StringComparison.Ordinal);

    [GeneratedRegex(@"^src/(?<project>(?!AppHost)\w+)/Program\.cs$")]
    private static partial Regex Program();

    [GeneratedRegex(@"(?m)^\| (?<names>`[^|]+) \| (?<default>[^|]+) \|")]
    private static partial Regex SettingRow();
}
