using Npgsql;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Faults;

/// <summary>Compares the orders that clients saw accepted with the database, the payment provider, the mail server and the queues.</summary>
internal sealed record Reconciliation(int Accepted, int Confirmed, IReadOnlyList<string> Duplicated, IReadOnlyList<string> Lost, IReadOnlyList<string> LeftOver)
{
    private static readonly string[] Consumers = ["charge-payment", "send-confirmation"];

    public static async Task<Reconciliation> RunAsync(
        IReadOnlyDictionary<string, Guid> accepted, string database, RabbitMqServer broker, PaymentProvider payments, MailServer mails)
    {
        await using var source = NpgsqlDataSource.Create(database + ";Pooling=false");
        var orders = (await ReadAsync(source, "SELECT id::text, status FROM orders")).ToDictionary(row => Guid.Parse(row.Key), row => row.Value);
        var handled = (await ReadAsync(source, "SELECT consumer, count(*)::text FROM inbox_messages GROUP BY consumer")).ToDictionary();
        var outbox = await ReadAsync(source, "SELECT id::text, concat_ws(' ', type, attempts, error) FROM outbox_messages");
        var queues = await broker.GetQueuesAsync();

        var known = accepted.Values.ToHashSet();
        var charges = payments.Charges.CountBy(order => order).ToDictionary();
        var mailed = mails.Orders.CountBy(order => order).ToDictionary();
        var handledTooOften = Consumers.Where(consumer => Handled(consumer) > known.Count);
        var handledTooRarely = Consumers.Where(consumer => Handled(consumer) < known.Count);
        return new Reconciliation(
            accepted.Count,
            known.Count(order => orders.GetValueOrDefault(order) == "Confirmed"),
            [
                .. accepted.CountBy(pair => pair.Value).Where(pair => pair.Value > 1).Select(pair => $"{pair.Key} has {pair.Value} idempotency keys"),
                .. orders.Keys.Where(order => !known.Contains(order)).Select(order => $"{order} exists but was not reported to any client"),
                .. charges.Where(charge => charge.Value > 1).Select(charge => $"{charge.Key} was charged {charge.Value} times"),
                .. mailed.Where(mail => mail.Value > 1).Select(mail => $"{mail.Key} has {mail.Value} different mails"),
                .. handledTooOften.Select(consumer => $"{consumer} handled {Handled(consumer)} messages for {known.Count} orders"),
            ],
            [
                .. known.Where(order => orders.GetValueOrDefault(order) != "Confirmed").Select(order => $"{order} is {orders.GetValueOrDefault(order, "unknown")}"),
                .. known.Where(order => !charges.ContainsKey(order)).Select(order => $"{order} was not charged"),
                .. known.Where(order => !mailed.ContainsKey(order)).Select(order => $"{order} has no mail"),
                .. handledTooRarely.Select(consumer => $"{consumer} handled {Handled(consumer)} messages for {known.Count} orders"),
            ],
            [
                .. outbox.Select(row => $"outbox: {row.Key} {row.Value}"),
                .. queues.Where(queue => queue.Value > 0).Select(queue => $"{queue.Value} messages in queue {queue.Key}"),
            ]);

        int Handled(string consumer) => int.Parse(handled.GetValueOrDefault(consumer, "0"), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<List<KeyValuePair<string, string>>> ReadAsync(NpgsqlDataSource source, string sql)
    {
        var rows = new List<KeyValuePair<string, string>>();
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(new(reader.GetString(0), reader.GetString(1)));
        }

        return rows;
    }
}
