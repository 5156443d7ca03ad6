using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Deployment;

/// <summary>The Compose project agrees with the code and the documentation, and its containers have few rights.</summary>
public sealed partial class ComposeDeploymentTests
{
    [Fact]
    public Task Images_are_those_of_the_projects() => AssertNoneAsync(output =>
    {
        var images = Own(output).Select(service => Image().Match(service.Value.Text("image")!).Groups["name"].Value).Order().ToList();
        return images.SequenceEqual(Services.Images(output.Files)) ? [] : [string.Join(", ", images)];
    });

    [Fact]
    public Task Variables_are_documented_settings_and_all_required_ones_are_set() => AssertNoneAsync(output => Services.Check(output.Files, Own(output).ToDictionary(
        service => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(service.Key),
        service => (IReadOnlySet<string>)service.Value["environment"]!.AsObject().Select(variable => variable.Key).ToHashSet())));

    [Fact]
    public Task Values_of_the_env_file_are_documented_and_missing_ones_are_reported() => AssertNoneAsync(output =>
    {
        var document = output.Files["docs/deployment.md"];
        var written = EnvLine().Matches(document).Select(match => match.Groups["name"].Value).ToHashSet();
        var optional = EnvRow().Matches(document).Select(match => match.Groups["name"].Value).Except(written).ToHashSet();
        var required = Variable().Matches(output.Yaml).Where(match => match.Groups["default"].Value.StartsWith(":?", StringComparison.Ordinal)).Select(match => match.Groups["name"].Value).ToHashSet();
        var withDefault = Variable().Matches(output.Yaml).Where(match => match.Groups["default"].Value.StartsWith(":-", StringComparison.Ordinal)).Select(match => match.Groups["name"].Value).ToHashSet();
        var all = Variable().Matches(output.Yaml).Select(match => match.Groups["name"].Value).ToHashSet();
        return required.Except(written).Select(name => $"{name} is not in the documented .env")
            .Concat(written.Except(required).Select(name => $"{name} is not required"))
            .Concat(optional.Except(withDefault).Concat(withDefault.Except(optional)).Select(name => $"{name} is optional at one place only"))
            .Concat(all.Except(required).Except(withDefault).Select(name => $"{name} may be missing"));
    });

    [Fact]
    public Task Containers_have_few_rights_and_limits() => AssertNoneAsync(output =>
        from service in All(output)
        let isService = service.Value.Text("image")!.Contains("shop-", StringComparison.Ordinal)
        let isOneShot = service.Key == "data-owner"
        from fault in new[]
        {
            service.Value.Select("cap_drop", "*").Any(capability => capability.ToString() == "ALL") ? null : "keeps capabilities",
            isService && service.Value["cap_add"] is not null ? "adds capabilities" : null,
            service.Value.Select("security_opt", "*").Any(option => option.ToString() == "no-new-privileges:true") ? null : "may get new privileges",
            !isService || service.Value.Text("read_only") == "true" ? null : "can write to its file system",
            isOneShot || service.Value.Text("mem_limit") is not null ? null : "has no memory limit",
            service.Value.Text("logging", "options", "max-size") is not null ? null : "does not rotate its log",
            isOneShot || service.Value.Text("restart") == (service.Key == "migrator" ? "no" : "unless-stopped") ? null : "has another restart policy",
            isService || isOneShot || service.Value["healthcheck"] is not null ? null : "has no health check",
        }
        where fault is not null
        select $"{service.Key} {fault}");

    [Fact]
    public Task Only_the_entry_has_a_port_and_servers_have_no_internet() => AssertNoneAsync(output =>
    {
        var published = All(output).Where(service => service.Value["ports"] is not null).Select(service => $"{service.Key} {string.Join(' ', service.Value.Select("ports", "*"))}").ToList();
        var entry = output.Options.HasGateway ? "gateway" : "api";
        return (published is [var one] && one == entry + " ${ENTRY:-127.0.0.1:8080}:" + Services.RequestPort ? [] : published.Prepend("published: "))
            .Concat(All(output).Where(service => service.Value["healthcheck"] is not null && service.Value["networks"]?.ToJsonString() != NetworksOf(service.Key, output.Options)).Select(service => $"{service.Key} is on another network"))
            .Concat(output.Options.HasServers && output.Compose.Text("networks", "servers", "internal") != "true" ? ["the network of the servers is not internal"] : []);
    });

    [Fact]
    public Task Containers_have_time_to_stop_and_start_after_what_they_need() => AssertNoneAsync(output =>
        (from service in Own(output)
         where int.Parse(service.Value.Text("stop_grace_period")!.TrimEnd('s'), CultureInfo.InvariantCulture) <= Services.ShutdownSeconds(output.Files)
         select $"{service.Key} is killed while it stops")
        .Concat(
            from service in All(output)
            from dependency in service.Value["depends_on"] is JsonObject conditions ? conditions.Select(condition => (condition.Key, Condition: condition.Value!.Text("condition"))) : []
            let target = All(output).SingleOrDefault(other => other.Key == dependency.Key).Value
            where target is null || (dependency.Condition == "service_healthy" && target["healthcheck"] is null)
            select $"{service.Key} waits for {dependency.Key}"));

    [Fact]
    public Task Replicas_are_within_the_default_connection_budget() => AssertNoneAsync(output =>
    {
        var processes = Own(output).Where(service => service.Key is "api" or "worker").Sum(service => int.Parse(service.Value.Text("deploy", "replicas") ?? "1", CultureInfo.InvariantCulture));
        var budget = Services.Settings(output.Files).SingleOrDefault(setting => setting.Name == "Database:Processes").Default?.Trim('`') ?? "1";
        return processes <= int.Parse(budget, CultureInfo.InvariantCulture) ? [] : [$"{processes} processes, budget {budget}"];
    });

    // Prometheus reads the metrics of RabbitMQ.
    private static string NetworksOf(string service, TemplateOptions options) =>
        service == "rabbitmq" && options.HasGrafana ? "[\"servers\",\"monitoring\"]" : "[\"servers\"]";

    private static IEnumerable<KeyValuePair<string, JsonNode>> All(ComposeOutput output) =>
        output.Compose.Select("services").Single().AsObject().Select(service => KeyValuePair.Create(service.Key, service.Value!));

    private static IEnumerable<KeyValuePair<string, JsonNode>> Own(ComposeOutput output) => All(output).Where(service => service.Value.Text("image")!.Contains("shop-", StringComparison.Ordinal));

    private static async Task AssertNoneAsync(Func<ComposeOutput, IEnumerable<string>> check) =>
        Findings.AssertNone((await ComposeOutput.AllAsync).SelectMany(output => check(output).Select(finding => $"{finding}   [{output.Options}]")));

    [GeneratedRegex(@"(?<name>shop-\w+):\$\{VERSION")]
    private static partial Regex Image();

    [GeneratedRegex(@"(?m)^(?<name>[A-Z_]+)=")]
    private static partial Regex EnvLine();

    [GeneratedRegex(@"(?m)^\| `(?<name>[A-Z]+)` \|")]
    private static partial Regex EnvRow();

    [GeneratedRegex(@"\$\{(?<name>\w+)(?<default>:[?-])?")]
    private static partial Regex Variable();
}
