using ScalableTemplates.Tests.EndToEnd;
using Xunit.Abstractions;

namespace ScalableTemplates.Tests.Faults;

/// <summary>A fault run that reports its results and fails if an order was lost or duplicated.</summary>
internal static class FaultScenario
{
    public static async Task<FaultReport> RunAsync(
        ITestOutputHelper output,
        string title,
        Func<FaultRun, Task> arrange,
        Func<FaultRun, Task> fault,
        int apis = 2,
        int workers = 1,
        bool hasStandby = false)
    {
        Skip.If(ServersFixture.Missing is not null, ServersFixture.Missing);
        var file = Environment.GetEnvironmentVariable("FAULT_REPORT");
        await using var run = await FaultRun.StartAsync(apis, workers, hasStandby, arrange);
        FaultReport report;
        try
        {
            report = await run.RunAsync(fault);
        }
        finally
        {
            if (file is not null)
            {
                run.CopyLogs($"{file}.logs/{title}");
            }
        }

        output.WriteLine(report.Row(title));
        output.WriteLine($"POSTs retried: {string.Join(", ", report.Load.Retried.Select(reason => $"{reason.Key} {reason.Value} times"))}");
        if (file is not null)
        {
            report.AppendTo(file, title);
        }

        report.AssertNothingLostOrDuplicated();
        return report;
    }
}
