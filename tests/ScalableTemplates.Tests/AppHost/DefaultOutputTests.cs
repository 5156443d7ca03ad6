using System.Text.RegularExpressions;
using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>The default output run by its AppHost.</summary>
[Collection("AppHost")]
public sealed partial class DefaultOutputTests(AppHostFixture fixture, DefaultRun started, ITestOutputHelper output) : IClassFixture<DefaultRun>
{
    // In the single stage, the API is its own payment provider, and the AppHost test starts it on ports other than those in
    // launchSettings.json.
    [SkippableTheory]
    [InlineData("services")]
    [InlineData("single")]
    public async Task The_tests_of_the_generated_solution_pass(string stage)
    {
        Skip.If(fixture.Engine.Missing is not null, fixture.Engine.Missing);
        await using var run = await fixture.CreateRunAsync(
            stage == "services" ? TemplateOptions.Services : TemplateOptions.Single.With(Dimension.Orchestrator, "aspire"));

        var result = await Command.RunAsync("dotnet", ["test", "--no-build"], run.Solution, TimeSpan.FromMinutes(10), run.Environment);

        result.EnsureSuccess();
        Assert.Contains("skipped: 0", result.Output, StringComparison.Ordinal);
        Assert.Contains("AppHostTests.dll", result.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_order_is_one_trace_from_request_to_mail_and_only_requests_start_traces()
    {
        var run = started.Run;
        var earlier = (await run.GetSpansAsync()).Select(span => span.TraceId).ToHashSet();

        string[] expected =
        [
            "api Server POST /v1/orders/",
            "api Producer publish orders.placed",
            "worker Consumer process charge-payment",
            "api Server POST /payment-simulator/charges",
            "worker Producer publish orders.paid",
            "worker Consumer process send-confirmation",
            "worker Client Send",
        ];
        IReadOnlyList<Span> spans = [];
        // On a busy machine, an exporter may time out and drop its batch; another order is placed then.
        await run.WaitUntilAsync(async () =>
        {
            await run.WaitForStatusAsync(await run.PlaceOrderAsync(), "Confirmed");
            // Each process exports its spans in separate batches.
            for (var attempts = 0; attempts < 10; attempts++)
            {
                spans = await run.GetSpansAsync();
                var traces = spans.Where(span => !earlier.Contains(span.TraceId))
                    .GroupBy(span => span.TraceId, span => $"{span.Source} {span.Kind} {span.Name}").ToList();
                if (traces.Any(trace => expected.All(trace.Contains)))
                {
                    return true;
                }

                output.WriteLine(string.Join('\n', traces.Select(trace => string.Join(", ", trace))));
                await Task.Delay(TimeSpan.FromSeconds(1));
            }

            return false;
        });
        // Polling, probes and leases have been active all the time.
        Findings.AssertNone(spans.Where(IsRoot(spans)).Where(span => span.Kind != "Server").Select(span => $"{span.Source} {span.Kind} {span.Name}"));
    }

    [SkippableFact]
    public async Task Dashboard_links_have_display_names_and_databases_are_nested_under_their_server()
    {
        var run = started.Run;

        var resources = (await run.DescribeAsync()).ToDictionary(resource => resource.GetProperty("displayName").GetString()!);

        var links = resources.Values
            .SelectMany(resource => resource.GetProperty("urls").EnumerateArray())
            .Where(url => url.TryGetProperty("displayName", out var name) && name.GetString() is { Length: > 0 })
            .ToDictionary(url => url.GetProperty("displayName").GetString()!, url => url.GetProperty("url").GetString()!);
        Assert.Equal(new Uri(run.Address, "scalar").ToString(), links["API reference"]);
        Assert.StartsWith("http://", links["Mail"], StringComparison.Ordinal);
        Assert.StartsWith("http://", links["RabbitMQ management"], StringComparison.Ordinal);
        Assert.Equal("NotStarted", resources["pgweb"].GetProperty("state").GetString());
        Assert.Contains(resources["database"].GetProperty("relationships").EnumerateArray(), relationship =>
            relationship.GetProperty("type").GetString() == "Parent"
            && relationship.GetProperty("resourceName").GetString() == resources["postgres"].GetProperty("name").GetString());
    }

    [SkippableFact]
    public async Task A_healthy_start_logs_no_warnings_or_errors()
    {
        var run = started.Run;

        var logs = new List<string> { run.Log };
        foreach (var resource in new[] { "migrator", "api", "worker" })
        {
            logs.Add((await run.AspireAsync("logs", resource)).EnsureSuccess().Output);
        }

        Findings.AssertNone(logs.SelectMany(log => Complaint().Matches(log).Select(match => match.Value)));
    }

    [SkippableFact]
    public async Task A_restart_keeps_containers_and_data_and_stopping_leaves_no_process_behind()
    {
        var run = started.Run;
        var first = run.StartTime;
        var order = await run.PlaceOrderAsync();
        await run.WaitForStatusAsync(order, "Confirmed");
        var containers = await run.GetContainerIdsAsync();

        var (exitCode, leftBehind) = await run.StopAsync();
        await run.StartAsync();

        Assert.Equal(0, exitCode);
        Findings.AssertNone(leftBehind);
        Assert.Equal(containers, await run.GetContainerIdsAsync());
        Assert.Equal("Confirmed", await run.GetStatusAsync(order));
        output.WriteLine($"AppHost: from 'dotnet run' to a healthy API {first.TotalSeconds:0} s with new containers, {run.StartTime.TotalSeconds:0} s with kept ones ({fixture.Engine.Images})");
    }

    [SkippableFact]
    public async Task All_requests_of_the_http_file_succeed_with_a_token_created_after_start_up()
    {
        var run = started.Run;
        await HttpFile.RunAsync(
            Path.Combine(run.Solution, "src", "Api", "Api.http"),
            new Dictionary<string, string> { ["token"] = await run.CreateTokenAsync() });
    }

    // A span whose parent was not exported, such as a filtered request, is a root on the traces page as well.
    private static Func<Span, bool> IsRoot(IReadOnlyList<Span> spans)
    {
        var roots = spans.GroupBy(span => span.TraceId).Where(trace => trace.All(span => span.ParentSpanId is not null)).Select(trace => trace.Key).ToHashSet();
        return span => span.ParentSpanId is null && span.Kind is not null || roots.Contains(span.TraceId);
    }

    [GeneratedRegex(@"^.*\b(warn|fail|crit): .*(\n.*)?", RegexOptions.Multiline)]
    private static partial Regex Complaint();
}
