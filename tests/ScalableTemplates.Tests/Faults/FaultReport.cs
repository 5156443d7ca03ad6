using System.Globalization;

namespace ScalableTemplates.Tests.Faults;

/// <summary>The results of a run.</summary>
/// <param name="Duration">From the injection of the fault until recovery.</param>
internal sealed record FaultReport(
    Reconciliation Orders, OrderLoad Load, TimeSpan Duration, TimeSpan LongestPause, int RepeatedCharges, int RepeatedMails, int[] ExitCodes)
{
    private const string Header = """
        | Fault | Accepted | Confirmed | Duplicated | Lost | Fault lasted | Longest pause | Slowest POST | POSTs retried | Charges repeated | Mails repeated |
        |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
        """;

    public string Row(string fault) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {fault} | {Orders.Accepted} | {Orders.Confirmed} | {Orders.Duplicated.Count} | {Orders.Lost.Count} | {Duration.TotalSeconds:0.0} s | {LongestPause.TotalSeconds:0.0} s | {Load.Slowest.TotalSeconds:0.0} s | {Load.Retried.Values.Sum()} | {RepeatedCharges} | {RepeatedMails} |");

    /// <summary>Adds the row to a table in a file.</summary>
    public void AppendTo(string file, string fault)
    {
        if (!File.Exists(file))
        {
            File.WriteAllText(file, Header + "\n");
        }

        File.AppendAllText(file, Row(fault) + "\n");
    }

    public void AssertNothingLostOrDuplicated()
    {
        AssertNone("duplicated", Orders.Duplicated);
        AssertNone("lost", Orders.Lost);
        AssertNone("left over", Orders.LeftOver);
        AssertNone("abandoned", [.. Load.Abandoned.Select(order => $"{order.Key}: {order.Value}")]);
        Assert.True(Orders.Accepted >= FaultRun.MinOrders, $"Only {Orders.Accepted} orders were accepted.");
        Assert.Equal(Orders.Accepted, Orders.Confirmed);
        Assert.All(ExitCodes, code => Assert.Equal(0, code));
    }

    private static void AssertNone(string what, IReadOnlyList<string> findings) =>
        Assert.True(findings.Count == 0, $"{findings.Count} {what}, such as:\n{string.Join('\n', findings.Take(10))}");
}
