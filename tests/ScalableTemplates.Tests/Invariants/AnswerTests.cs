using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Invariants;

[Collection(nameof(AllOutputs))]
public sealed class AnswerTests(AllOutputs all)
{
    private static readonly Dictionary<string, string> SecretIds = new()
    {
        ["user-secrets-id"] = "Directory.Build.props",
        ["apphost-secrets-id"] = "src/AppHost/AppHost.csproj",
    };

    [Fact]
    public void Answers_are_recorded_as_they_were_resolved() =>
        Findings.AssertNone(all.InEachOutput(output =>
        {
            var answers = JsonNode.Parse(output.Files["scalable.json"])!["options"]!.AsObject().ToDictionary(answer => answer.Key, answer => answer.Value!.ToString());
            var expected = Expected(output.Options);
            foreach (var (name, file) in SecretIds.Where(id => output.Files.ContainsKey(id.Value)))
            {
                expected[name] = Regex.Match(output.Files[file], "<UserSecretsId>(.*)</UserSecretsId>").Groups[1].Value;
            }

            return expected.Except(answers).Select(answer => $"scalable.json does not say that {answer.Key} is '{answer.Value}'")
                .Concat(answers.Except(expected).Select(answer => $"scalable.json says that {answer.Key} is '{answer.Value}'"));
        }));

    [Fact]
    public async Task Engine_in_this_process_writes_what_dotnet_new_writes()
    {
        foreach (var stage in new[] { TemplateOptions.Services, TemplateOptions.Single })
        {
            var expected = FileTree.Read(await Scaffold.CreateAsync(stage)).Scrub();
            var engine = await Engine.StartAsync();

            Assert.Equal(expected.Files, (await engine.CreateAsync(stage)).Scrub().Files);
            Assert.Equal(expected.Files, (await engine.CreateAsync(stage.Explicit())).Scrub().Files);
        }
    }

    private static Dictionary<string, string> Expected(TemplateOptions options) => new()
    {
        ["stage"] = options[Dimension.Stage],
        ["orchestrator"] = options.HasAspire ? "aspire" : options.HasCompose ? "compose" : "none",
        ["database"] = options.HasPostgres ? "postgres" : "sqlite",
        ["cache"] = options.HasRedis ? "redis" : "memory",
        ["broker"] = options.HasRabbitMq ? "rabbitmq" : "database",
        ["worker"] = options.HasWorker ? "separate" : "in-process",
        ["replica"] = options.HasReplica ? "streaming" : "none",
        ["partitioning"] = options.HasPartitioning ? "monthly" : "none",
        ["rate-limiting"] = options.HasRateLimiting ? "plans" : "none",
        ["auth"] = options.HasJwt ? "jwt" : "none",
        ["no-sample"] = options.HasSample ? "false" : "true",
        ["no-tests"] = options.HasTests ? "false" : "true",
        ["port-suffix"] = Scaffold.PortSuffix.ToString(CultureInfo.InvariantCulture),
    };
}
