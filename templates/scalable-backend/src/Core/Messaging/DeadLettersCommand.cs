using System.Text.Encodings.Web;
using System.Text.Json;

namespace ScalableBackend.Core.Messaging;

public static class DeadLettersCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string None = "No dead letters.";

    private const string Usage = """
        dead-letters list               messages that were given up, one a line
        dead-letters show ID            all about one
        dead-letters replay ID|--all    have one or all of them handled again
        """;

    /// <summary>Runs the process; or, if the arguments begin with <c>dead-letters</c>, only that command.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(this IHost host, string[] args)
    {
        if (args is ["dead-letters", .. var command])
        {
            try
            {
                return await host.Services.RunDeadLettersAsync(command, Console.Out);
            }
            catch (Exception exception)
            {
                await Console.Error.WriteLineAsync(string.Join(": ", Messages(exception)));
                return 1;
            }
        }

        await host.RunAsync();
        return Environment.ExitCode;
    }

    /// <summary>Lets an operator look at messages that were given up, and have them handled again.</summary>
    /// <returns>The exit code: 0 if done, 1 if there is no such message, 2 if the command is not understood.</returns>
    public static async Task<int> RunDeadLettersAsync(
        this IServiceProvider services, string[] command, TextWriter output, CancellationToken cancellationToken = default)
    {
        await using var scope = services.CreateAsyncScope();
        var deadLetters = scope.ServiceProvider.GetRequiredService<DeadLetters>();
        switch (command)
        {
            case ["list"]:
                var letters = await deadLetters.ListAsync(cancellationToken);
                foreach (var letter in letters)
                {
                    await output.WriteLineAsync($"{letter.Id}  {letter.Consumer}  {letter.Type}  attempts: {letter.Attempts}  {FirstLine(letter.Error)}");
                }

                if (letters.Count == 0)
                {
                    await output.WriteLineAsync(None);
                }

                return 0;
            case ["show", var id] when (await deadLetters.ListAsync(cancellationToken)).Where(letter => letter.Id == id).ToList() is { Count: > 0 } found:
                await output.WriteLineAsync(JsonSerializer.Serialize(found, Indented));
                return 0;
            case ["replay", "--all"]:
                var count = await deadLetters.ReplayAsync(null, cancellationToken);
                await output.WriteLineAsync(count == 0 ? None : $"{count} replayed.");
                return 0;
            case ["replay", var id] when !id.StartsWith('-') && await deadLetters.ReplayAsync(id, cancellationToken) > 0:
                return 0;
            case ["show" or "replay", var id] when !id.StartsWith('-'):
                await output.WriteLineAsync($"There is no dead letter '{id}'. 'dead-letters list' shows those that are there.");
                return 1;
            default:
                await output.WriteLineAsync(Usage);
                return 2;
        }
    }

    // From what was tried to why it failed, such as at which address.
    private static IEnumerable<string> Messages(Exception exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            yield return inner.Message;
        }
    }

    private static string? FirstLine(string? text) => text?.Split('\n')[0];
}
