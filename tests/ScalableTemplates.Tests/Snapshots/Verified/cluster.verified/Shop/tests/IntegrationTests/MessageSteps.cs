using Shop.Shared.Data;
using Shop.Shared.Messaging;
using Xunit;

namespace Shop.IntegrationTests;

internal static class MessageSteps
{
    public static async Task PublishAsync<TMessage>(
        this Backend backend, IReadOnlyList<TMessage> messages, DateTimeOffset? notBefore = null, IReadOnlyDictionary<string, string>? headers = null)
        where TMessage : IMessage
    {
        await using var scope = backend.Services.CreateAsyncScope();
        var publisher = scope.ServiceProvider.GetRequiredService<MessagePublisher>();
        foreach (var message in messages)
        {
            publisher.Publish(message, notBefore, headers);
        }

        await scope.ServiceProvider.GetRequiredService<AppDbContext>().SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    /// <returns>The id of the dead letter of the ping; null if there is none.</returns>
    public static async Task<string?> FindDeadLetterAsync(this Backend backend, Guid ping)
    {
        foreach (var id in await backend.ListDeadLettersAsync())
        {
            if ((await backend.RunDeadLettersAsync("show", id)).Contains(ping.ToString(), StringComparison.Ordinal))
            {
                return id;
            }
        }

        return null;
    }

    /// <returns>The ids of the dead letters, newest first.</returns>
    public static async Task<string[]> ListDeadLettersAsync(this Backend backend, params string[] options)
    {
        var list = await backend.RunDeadLettersAsync(["list", .. options]);
        return list.StartsWith("No dead letters.", StringComparison.Ordinal)
            ? []
            : [.. list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0])];
    }

    public static async Task<string> RunDeadLettersAsync(this Backend backend, params string[] command)
    {
        await using var output = new StringWriter();
        await backend.WorkerServices.RunDeadLettersAsync(command, output, TestContext.Current.CancellationToken);
        return output.ToString();
    }

    public static async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(50, timeout.Token);
        }
    }
}
