using Npgsql;
using ScalableTemplates.Tests.EndToEnd;

namespace ScalableTemplates.Tests.Faults;

/// <summary>What became of the orders that clients were told are accepted, by everyone who was to do something for them.</summary>
internal sealed record Ledger(int Accepted, int Confirmed, IReadOnlyList<string> Duplicated, IReadOnlyList<string> Lost, IReadOnlyList<string> LeftOver)
{
    private static readonly string[] Consumers = ["charge-payment", "send-confirmation"];

    public static async Task<Ledger> TakeAsync(
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
        var handledTooSeldom = Consumers.Where(consumer => Handled(consumer) < known.Count);
        return new Ledger(
            accepted.Count,
            known.Count(order => orders.GetValueOrDefault(order) == "Confirmed"),
            [
                .. accepted.CountBy(pair => pair.Value).Where(pair => pair.Value > 1).Select(pair => $"{pair.Key} is the order of {pair.Value} keys"),
                .. orders.Keys.Where(order => !known.Contains(order)).Select(order => $"{order} is an order that nobody was told of"),
                .. charges.Where(charge => charge.Value > 1).Select(charge => $"{charge.Key} is charged {charge.Value} times"),
                .. mailed.Where(mail => mail.Value > 1).Select(mail => $"{mail.Key} has {mail.Value} different mails"),
                .. handledTooOften.Select(consumer => $"{consumer} has handled {Handled(consumer)} messages of {known.Count}"),
            ],
            [
                .. known.Where(order => orders.GetValueOrDefault(order) != "Confirmed").Select(order => $"{order} is {orders.GetValueOrDefault(order, "unknown")}"),
                .. known.Where(order => !charges.ContainsKey(order)).Select(order => $"{order} is not charged"),
                .. known.Where(order => !mailed.ContainsKey(order)).Select(order => $"{order} has no mail"),
                .. handledTooSeldom.Select(consumer => $"{consumer} has handled {Handled(consumer)} messages of {known.Count}"),
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
