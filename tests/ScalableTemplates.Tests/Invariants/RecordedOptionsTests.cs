using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Invariants;

[Collection(nameof(AllOutputs))]
public sealed class RecordedOptionsTests(AllOutputs all)
{
    private static readonly Dictionary<string, string> SecretIds = new()
    {
        ["user-secrets-id"] = "Directory.Build.props",
        ["apphost-secrets-id"] = "src/AppHost/AppHost.csproj",
    };

    [Fact]
    public void Resolved_options_are_recorded() =>
        Findings.AssertNone(all.InEachOutput(output =>
        {
            var recorded = JsonNode.Parse(output.Files["scalable.json"])!["options"]!.AsObject().ToDictionary(option => option.Key, option => option.Value!.ToString());
            var expected = Expected(output.Options);
            foreach (var (name, file) in SecretIds.Where(id => output.Files.ContainsKey(id.Value)))
            {
                expected[name] = Regex.Match(output.Files[file], "<UserSecretsId>(.*)</UserSecretsId>").Groups[1].Value;
            }

            return expected.Except(recorded).Select(option => $"scalable.json does not record {option.Key} as '{option.Value}'")
                .Concat(recorded.Except(expected).Select(option => $"scalable.json records {option.Key} as '{option.Value}'"));
        }));

    [Fact]
    public async Task In_process_engine_generates_the_same_output_as_dotnet_new()
    {
        foreach (var stage in TemplateOptions.Stages)
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
        ["gateway"] = options.HasGateway ? "yarp" : "none",
        ["deploy"] = options.HasKubernetes ? "kubernetes" : options.HasComposeDeployment ? "compose" : "none",
        ["monitoring"] = options.HasGrafana ? "grafana" : "none",
        ["ci"] = options.HasGitHub ? "github" : "none",
        ["auth"] = options.HasJwt ? "jwt" : "none",
        ["no-sample"] = options.HasSample ? "false" : "true",
        ["no-tests"] = options.HasTests ? "false" : "true",
        ["port-suffix"] = Scaffold.PortSuffix.ToString(CultureInfo.InvariantCulture),
    };
}
