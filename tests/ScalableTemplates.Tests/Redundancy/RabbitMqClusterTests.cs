using ScalableTemplates.Tests.EndToEnd;
using ScalableTemplates.Tests.Faults;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Redundancy;

/// <summary>Nodes of a RabbitMQ cluster are killed under load. The services connect through one address, as with a Kubernetes Service.</summary>
[Collection("Faults")]
public sealed class RabbitMqClusterTests(ITestOutputHelper output)
{
    private const string Queue = "charge-payment";

    [SkippableFact]
    public async Task Three_nodes_lose_no_message_when_one_or_two_of_them_are_killed()
    {
        var nodes = new List<RabbitMqServer>();
        await using var address = new ServiceAddress();
        try
        {
            await FaultScenario.RunAsync(
                output,
                "One of three RabbitMQ nodes killed; then the leader of a queue; then two",
                async run =>
                {
                    nodes.AddRange(await Task.WhenAll(run.RabbitMq.StartPeerAsync(), run.RabbitMq.StartPeerAsync()));
                    address.PointTo(run.RabbitMq.Port, nodes[0].Port, nodes[1].Port);
                    run.ConnectionStrings["broker"] = new UriBuilder(run.RabbitMq.ConnectionString) { Port = address.Port }.ToString();
                    // Without a majority, a publish is not confirmed and ends with this timeout.
                    run.Settings["Resilience__broker__Timeout__Timeout"] = "00:00:05";
                },
                async run =>
                {
                    RabbitMqServer[] all = [run.RabbitMq, .. nodes];
                    var (leader, members) = await run.RabbitMq.GetMembersAsync(Queue);
                    Assert.All(all, node => Assert.Contains(node.Node, members, StringComparison.Ordinal));

                    var follower = all.First(node => node.Node != leader);
                    await follower.KillAsync();
                    output.WriteLine($"Confirmed again {(await run.ConfirmOrdersAsync()).TotalSeconds:0.0} s after the kill of a follower");
                    await follower.StartAsync();

                    (leader, _) = await run.RabbitMq.GetMembersAsync(Queue);
                    var led = all.Single(node => node.Node == leader);
                    await led.KillAsync();
                    output.WriteLine($"Confirmed again {(await run.ConfirmOrdersAsync()).TotalSeconds:0.0} s after the kill of the leader");

                    var second = all.First(node => node != led);
                    await second.KillAsync();
                    await run.AcceptOrdersAsync();
                    Assert.NotEqual(0, (await PostgresServer.QueryAsync<long>(run.Database, "SELECT count(*) FROM outbox_messages"))[0]);
                    await Task.WhenAll(led.StartAsync(), second.StartAsync());
                    output.WriteLine($"Confirmed again {(await run.ConfirmOrdersAsync()).TotalSeconds:0.0} s after the return of the majority");
                },
                apis: 1);
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }
        }
    }
}
