using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ScalableBackend.Core.Messaging;

public static class DeadLettersCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string None = "No dead letters.";

    private const int DefaultLimit = 100;

    private const string Usage = """
        dead-letters list [FILTER] [--limit N]      the newest dead letters (100), one a line
        dead-letters show ID                        all about one
        dead-letters replay ID | --all [FILTER]     have them handled again
        dead-letters discard ID | --all [FILTER]    delete them

        FILTER: --handler NAME, --type NAME, --before TIME (such as 2026-01-31 or 2026-01-31T10:00Z)
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

    /// <summary>Lets an operator list, replay and discard dead letters.</summary>
    /// <returns>The exit code: 0 if done, 1 if there is no such message, 2 if the command is not understood.</returns>
    public static async Task<int> RunDeadLettersAsync(
        this IServiceProvider services, string[] command, TextWriter output, CancellationToken cancellationToken = default)
    {
        await using var scope = services.CreateAsyncScope();
        var deadLetters = scope.ServiceProvider.GetRequiredService<DeadLetters>();
        if (!TryParse(command, out var verb, out var filter, out var limit))
        {
            await output.WriteLineAsync(Usage);
            return 2;
        }

        if (verb is "replay" or "discard")
        {
            var count = verb == "replay" ? await deadLetters.ReplayAsync(filter, cancellationToken) : await deadLetters.DiscardAsync(filter, cancellationToken);
            await output.WriteLineAsync(count > 0 ? $"{count} {(verb == "replay" ? "replayed" : "discarded")}." : NothingFound(filter));
            return count == 0 && filter.Id is not null ? 1 : 0;
        }

        var letters = await deadLetters.ListAsync(filter, limit, cancellationToken);
        if (letters.Count == 0)
        {
            await output.WriteLineAsync(NothingFound(filter));
        }
        else if (verb == "show")
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(letters, Indented));
        }
        else
        {
            foreach (var letter in letters)
            {
                await output.WriteLineAsync(
                    $"{letter.Id}  {letter.Consumer}  {letter.Type}  attempts: {letter.Attempts}  {letter.FailedAt:u}  {FirstLine(letter.Error)}");
            }
        }

        return letters.Count == 0 && filter.Id is not null ? 1 : 0;
    }

    private static bool TryParse(string[] command, out string verb, out DeadLetterFilter filter, out int limit)
    {
        (verb, filter, limit) = (command.FirstOrDefault() ?? "", new DeadLetterFilter(), DefaultLimit);
        var isAll = false;
        for (var i = 1; i < command.Length; i++)
        {
            var value = i + 1 < command.Length ? command[i + 1] : null;
            switch (command[i])
            {
                case "--all":
                    isAll = true;
                    continue;
                case "--handler" when value is not null:
                    filter = filter with { Handler = value };
                    break;
                case "--type" when value is not null:
                    filter = filter with { Type = value };
                    break;
                case "--before" when DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var before):
                    filter = filter with { Before = before };
                    break;
                case "--limit" when verb == "list" && int.TryParse(value, out limit) && limit > 0:
                    break;
                case var id when !id.StartsWith('-') && filter.Id is null:
                    filter = filter with { Id = id };
                    continue;
                default:
                    return false;
            }

            i++;
        }

        return verb switch
        {
            "list" => filter.Id is null && !isAll,
            "show" => filter.Id is not null && !isAll,
            "replay" or "discard" => filter.Id is null == isAll,
            _ => false,
        };
    }

    private static string NothingFound(DeadLetterFilter filter) =>
        filter.Id is null ? None : $"There is no dead letter '{filter.Id}'. 'dead-letters list' shows those that are there.";

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
