using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Shop.Shared.Data;
using Shop.Shared.Messaging.RabbitMq;

namespace Shop.Shared.Messaging;

public static class DeadLettersCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Usage = """
        dead-letters list [FILTER] [--limit N]      list the newest dead letters (100 by default), one per line
        dead-letters show ID                        show one in full
        dead-letters replay ID | --all [FILTER]     send them to their handlers again
        dead-letters discard ID | --all [FILTER]    delete them

        FILTER: --handler NAME, --type NAME, --before TIME (such as 2026-01-31 or 2026-01-31T10:00Z)
        """;

    /// <summary>Runs the host; or, if the arguments begin with <c>dead-letters</c>, only that command.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunWithCommandsAsync(this IHost host, string[] args)
    {
        if (args is ["dead-letters", .. var command])
        {
            try
            {
                return await host.Services.RunDeadLettersAsync(command, Console.Out);
            }
            catch (Exception exception)
            {
                await Console.Error.WriteLineAsync(exception.Describe());
                return 1;
            }
        }

        await host.RunAsync();
        return Environment.ExitCode;
    }

    /// <summary>Lists, shows, replays or discards dead letters.</summary>
    /// <returns>The exit code: 0 on success, 1 if there is no such message, 2 for invalid arguments.</returns>
    public static async Task<int> RunDeadLettersAsync(
        this IServiceProvider services, string[] command, TextWriter output, CancellationToken cancellationToken = default)
    {
        if (command is not [var verb, .. var options] || Parse(verb, options, new DeadLetterFilter()) is not { } filter)
        {
            await output.WriteLineAsync(Usage);
            return 2;
        }

        await using var scope = services.CreateAsyncScope();
        var deadLetters = scope.ServiceProvider.GetRequiredService<DeadLetters>();
        var result = verb switch
        {
            "replay" => Count(await deadLetters.ReplayAsync(filter, cancellationToken), "replayed"),
            "discard" => Count(await deadLetters.DiscardAsync(filter, cancellationToken), "discarded"),
            _ => Print(verb, await deadLetters.ListAsync(filter, cancellationToken)),
        };
        await output.WriteLineAsync(result ?? (filter.Id is null ? "No dead letters." : $"There is no dead letter '{filter.Id}'. Find its id with 'dead-letters list'."));
        return result is null && filter.Id is not null ? 1 : 0;
    }

    private static DeadLetterFilter? Parse(string verb, string[] options, DeadLetterFilter filter) => options switch
    {
        [] => (verb, filter) is ("list", { Id: null, IsAll: false }) or ("show", { Id: not null, IsAll: false })
            or ("replay" or "discard", { Id: null, IsAll: true } or { Id: not null, IsAll: false }) ? filter : null,
        ["--all", .. var rest] => Parse(verb, rest, filter with { IsAll = true }),
        ["--handler", var handler, .. var rest] => Parse(verb, rest, filter with { Handler = handler }),
        ["--type", var type, .. var rest] => Parse(verb, rest, filter with { Type = type }),
        ["--before", var time, .. var rest] when DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var before) =>
            Parse(verb, rest, filter with { Before = before }),
        ["--limit", var number, .. var rest] when verb == "list" && int.TryParse(number, out var limit) && limit > 0 =>
            Parse(verb, rest, filter with { Limit = limit }),
        [[not '-', ..] id, .. var rest] when filter.Id is null => Parse(verb, rest, filter with { Id = id }),
        _ => null,
    };

    private static string? Count(int count, string done) => count == 0 ? null : $"{count} {done}.";

    private static string? Print(string verb, List<DeadLetter> letters) =>
        letters.Count == 0 ? null
        : verb == "show" ? JsonSerializer.Serialize(letters, Indented)
        : string.Join(Environment.NewLine, letters.Select(letter =>
            $"{letter.Id}  {letter.Consumer}  {letter.Type}  attempts: {letter.Attempts}  {letter.FailedAt:u}  {letter.Error?.Split('\n')[0]}"));
}
