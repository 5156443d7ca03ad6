using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;

namespace Runner.Contenders;

/// <summary>The generated solution with one endpoint and one handler added.</summary>
internal sealed class GeneratedContender() : Contender("generated")
{
    private const string Solution = "Bench";

    private readonly string folder = Path.Combine(TempFolder.Create("generated"), Solution);
    private bool canBatch;

    public override bool CanBatch => canBatch;

    protected override async Task BuildAsync()
    {
        await Template.GenerateAsync(folder, Solution, "--no-sample");
        Overlay("Common");
        canBatch = File.Exists(Path.Combine(folder, "src", "Shared", "Messaging", "IMessageBatchHandler.cs"));
        if (canBatch)
        {
            Overlay("Batch");
        }

        Insert(Path.Combine("src", "Api", "Program.cs"), before: "app.Run();", "app.MapOrders();\n");
        Insert(Path.Combine("src", "Worker", "WorkerExtensions.cs"), before: "builder.AddMessageHandling();", "Orders.OrderHandlers.AddOrders(builder);\n        ");
        await BuildAsync(folder);
        (await Command.DotnetAsync(folder, "tool", "restore")).EnsureSuccess();
        (await Command.DotnetAsync(
            folder, "ef", "migrations", "add", "AddOrders", "--project", "src/Shared", "--output-dir", "Data/Migrations", "--no-build", "--configuration", "Release")).EnsureSuccess();
        await BuildAsync(folder);
    }

    public override Task MigrateAsync(IReadOnlyDictionary<string, string> environment) =>
        RunToEndAsync(Template.Assembly(folder, "Migrator"), environment);

    public override Daemon Start(Role role, IReadOnlyDictionary<string, string> environment) =>
        Start(Template.Assembly(folder, role == Role.Api ? "Api" : "Worker"), [], environment);

    private void Overlay(string part)
    {
        var source = Path.Combine(Repo.Root, "perf", "Overlay", part);
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    private void Insert(string file, string before, string text)
    {
        var path = Path.Combine(folder, file);
        var content = File.ReadAllText(path);
        var place = content.IndexOf(before, StringComparison.Ordinal);
        if (place < 0)
        {
            throw new InvalidOperationException($"{file} does not contain '{before}'; update the overlay to match the template.");
        }

        File.WriteAllText(path, content.Insert(place, text));
    }
}
