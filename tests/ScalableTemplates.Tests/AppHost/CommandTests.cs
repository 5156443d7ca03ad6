using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.AppHost;

/// <summary>Dashboard commands, in a solution with three replicas of the API and a standby.</summary>
[Collection("AppHost")]
public sealed class CommandTests(AppHostFixture fixture, ReplicatedRun replicated) : IClassFixture<ReplicatedRun>
{
    private AppHostRun Run => replicated.Run;

    [SkippableFact]
    public async Task Three_replicas_are_healthy_and_commands_list_and_replay_dead_letters()
    {
        var order = await Run.PlaceOrderAsync();
        await Run.WaitForStatusAsync(order, "Confirmed");
        Assert.Equal(3, (await Run.DescribeAsync()).Count(resource => resource.GetProperty("displayName").GetString() == "api"));
        Assert.Equal("Healthy", (await Run.DescribeAsync("postgres-standby")).GetProperty("healthStatus").GetString());

        Assert.Equal("No dead letters.", await RunCommandAsync("list-dead-letters"));
        Assert.Equal("No dead letters.", await RunCommandAsync("replay-dead-letters"));

        var broker = (await Run.DescribeAsync("worker")).GetProperty("environment").GetProperty("ConnectionStrings__broker").GetString()!;
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var id = await SendAsync(channel, "send-confirmation.dead", JsonSerializer.Serialize(new { orderId = order.ToString().Split('/')[^1] }));
        Assert.Contains(id, await RunCommandAsync("list-dead-letters"), StringComparison.Ordinal);
        Assert.Equal("1 replayed.", await RunCommandAsync("replay-dead-letters"));
        await Run.WaitUntilAsync(async () => await RunCommandAsync("list-dead-letters") == "No dead letters."
            && await channel.MessageCountAsync("send-confirmation") == 0);

        id = await SendAsync(channel, "send-confirmation", "no JSON");
        await Run.WaitUntilAsync(async () => (await RunCommandAsync("list-dead-letters")).Contains(id, StringComparison.Ordinal));
        Assert.Equal("1 replayed.", await RunCommandAsync("replay-dead-letters"));
        await Run.WaitUntilAsync(async () => (await RunCommandAsync("list-dead-letters")).Contains(id, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_failed_command_reports_the_reason()
    {
        var broker = (await Run.DescribeAsync("broker")).GetProperty("name").GetString()!;
        await fixture.Engine.DockerAsync("stop", broker);

        var result = await Run.AspireAsync("resource", "worker", "list-dead-letters");

        await fixture.Engine.DockerAsync("start", broker);
        await Run.WaitUntilAsync(Run.IsHealthyAsync);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("'dead-letters list' failed.", result.Everything, StringComparison.Ordinal);
        Assert.Contains("refused", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
    }

    private static async Task<string> SendAsync(IChannel channel, string queue, string body)
    {
        var id = Guid.CreateVersion7().ToString();
        await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { MessageId = id, Type = "orders.paid" }, Encoding.UTF8.GetBytes(body));
        return id;
    }

    private async Task<string> RunCommandAsync(string command) =>
        (await Run.AspireAsync("resource", "worker", command)).EnsureSuccess().Output.Trim();
}
