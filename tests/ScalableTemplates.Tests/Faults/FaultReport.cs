using System.Globalization;

namespace ScalableTemplates.Tests.Faults;

/// <summary>The figures of a run, and whether they are as they must be.</summary>
/// <param name="Duration">From the beginning of the fault until all that failed is back.</param>
internal sealed record FaultReport(
    Ledger Ledger, OrderLoad Load, TimeSpan Duration, TimeSpan LongestPause, int RepeatedCharges, int RepeatedMails, int[] ExitCodes)
{
    private const string Header = """
        | Fault | Accepted | Confirmed | Duplicated | Lost | Fault lasted | Longest pause | Slowest POST | POST retried | Charge asked again | Mail sent again |
        |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
        """;

    public string Row(string fault) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {fault} | {Ledger.Accepted} | {Ledger.Confirmed} | {Ledger.Duplicated.Count} | {Ledger.Lost.Count} | {Duration.TotalSeconds:0.0} s | {LongestPause.TotalSeconds:0.0} s | {Load.Slowest.TotalSeconds:0.0} s | {Load.Retried.Values.Sum()} | {RepeatedCharges} | {RepeatedMails} |");

    /// <summary>Adds the row to a table in a file.</summary>
    public void AppendTo(string file, string fault)
    {
        if (!File.Exists(file))
        {
            File.WriteAllText(file, Header + "\n");
        }

        File.AppendAllText(file, Row(fault) + "\n");
    }

    public void AssertNothingLostAndNothingTwice()
    {
        AssertNone("duplicated", Ledger.Duplicated);
        AssertNone("lost", Ledger.Lost);
        AssertNone("left over", Ledger.LeftOver);
        AssertNone("given up", [.. Load.GivenUp.Select(order => $"{order.Key}: {order.Value}")]);
        Assert.True(Ledger.Accepted >= FaultRun.LeastOrders, $"Only {Ledger.Accepted} orders were accepted.");
        Assert.Equal(Ledger.Accepted, Ledger.Confirmed);
        Assert.All(ExitCodes, code => Assert.Equal(0, code));
    }

    private static void AssertNone(string what, IReadOnlyList<string> findings) =>
        Assert.True(findings.Count == 0, $"{findings.Count} {what}, such as:\n{string.Join('\n', findings.Take(10))}");
}
