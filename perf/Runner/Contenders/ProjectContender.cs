using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Contenders;

/// <summary>A project in perf whose first argument selects its role.</summary>
internal abstract class ProjectContender(string name, string project, string assembly) : Contender(name)
{
    private readonly string folder = Path.Combine(Repo.Root, "perf", project);

    private string Assembly => Path.Combine(folder, "bin", "Release", "net10.0", $"{assembly}.dll");

    protected override Task BuildAsync() => BuildAsync(folder);

    public override Task MigrateAsync(IReadOnlyDictionary<string, string> environment) => RunToEndAsync(Assembly, environment, "migrate");

    public override Daemon Start(Role role, IReadOnlyDictionary<string, string> environment) =>
        Start(Assembly, [role == Role.Api ? "api" : "worker"], environment);
}

/// <summary>The hand-written baseline: the least code with the same delivery guarantee.</summary>
internal sealed class BaselineContender() : ProjectContender("baseline", "Baseline", "Baseline");

/// <summary>Wolverine with its EF Core outbox and inbox in PostgreSQL and its RabbitMQ transport.</summary>
internal sealed class WolverineContender() : ProjectContender("wolverine", "Wolverine", "WolverineBench")
{
    // Wolverine assembles batches in memory after each message has passed the inbox in its own transaction.
    public override bool CanBatch => false;
}
