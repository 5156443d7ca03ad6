using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Contenders;

/// <summary>A project in this folder that plays the role it is told by its first argument.</summary>
internal abstract class ProjectContender(string name, string project, string assembly) : Contender(name)
{
    private readonly string folder = Path.Combine(Repo.Root, "perf", project);

    private string Assembly => Path.Combine(folder, "bin", "Release", "net10.0", $"{assembly}.dll");

    protected override Task BuildAsync() => BuildAsync(folder);

    public override Task MigrateAsync(IReadOnlyDictionary<string, string> environment) => RunToEndAsync(Assembly, environment, "migrate");

    public override Daemon Start(Role role, IReadOnlyDictionary<string, string> environment) =>
        Start(Assembly, [role == Role.Api ? "api" : "worker"], environment);
}

/// <summary>The least code of the same guarantee, by hand.</summary>
internal sealed class FloorContender() : ProjectContender("floor", "Floor", "Floor");

/// <summary>Wolverine with its EF Core outbox and inbox in PostgreSQL, over RabbitMQ.</summary>
internal sealed class WolverineContender() : ProjectContender("wolverine", "Wolverine", "WolverineBench")
{
    // Its batches are put together in memory, after the inbox, and have a transaction each only there.
    public override bool CanBatch => false;
}
