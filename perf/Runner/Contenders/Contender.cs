using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Contenders;

/// <summary>
/// An implementation under test, as two processes: the API accepts orders (POST /orders, POST /seed?count=) and relays its outbox,
/// the worker handles the messages and writes a row to order_effects for each.
/// </summary>
internal abstract class Contender(string name)
{
    private Task? preparation;

    public string Name => name;

    /// <summary>Whether a handler can process a batch of messages in one transaction.</summary>
    public virtual bool CanBatch => true;

    /// <summary>Builds the contender on the first call.</summary>
    public Task PrepareAsync() => preparation ??= BuildAsync();

    /// <summary>Creates the tables in an empty database.</summary>
    public abstract Task MigrateAsync(IReadOnlyDictionary<string, string> environment);

    public abstract Daemon Start(Role role, IReadOnlyDictionary<string, string> environment);

    protected abstract Task BuildAsync();

    protected static async Task BuildAsync(string folder) =>
        (await Command.DotnetAsync(folder, "build", "--configuration", "Release", "-nodeReuse:false")).EnsureSuccess();

    protected static Daemon Start(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment) =>
        Daemon.Start(
            "dotnet",
            [assembly, .. arguments],
            Path.GetDirectoryName(assembly)!,
            Path.Combine(TempFolder.Create("log"), Path.GetFileName(assembly)),
            environment);

    protected static async Task RunToEndAsync(string assembly, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        (await Command.RunAsync("dotnet", [assembly, .. arguments], Path.GetDirectoryName(assembly)!, TimeSpan.FromMinutes(2), environment)).EnsureSuccess();
}

internal enum Role { Api, Worker }
