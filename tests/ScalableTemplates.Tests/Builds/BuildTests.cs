using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Builds;

public sealed class BuildTests
{
    private static readonly Lazy<Task<Dictionary<string, string>>> Faults = new(BuildAsync);

    public static TheoryData<string> Rows() => [.. CoveringArray.Rows.Select(row => row.ToString())];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Output_builds_without_a_warning(string options) => Build.AssertSucceeded((await Faults.Value)[options]);

    // Its project links files of this project.
    [Fact]
    public async Task Benchmark_runner_builds() =>
        (await Command.DotnetAsync(Path.Combine(Repo.Root, "perf", "Runner"), "build")).EnsureSuccess();

    [Fact]
    public void Rows_cover_every_pair_of_answers()
    {
        Findings.AssertNone(CoveringArray.Pairs
            .Where(pair => !CoveringArray.Rows.Any(pair.IsIn))
            .Select(pair => $"--{pair.First.Name} {pair.FirstValue} with --{pair.Second.Name} {pair.SecondValue}"));
        Assert.InRange(CoveringArray.Rows.Count, 6, 14);
    }

    private static async Task<Dictionary<string, string>> BuildAsync()
    {
        var faults = await Build.RunAsync(await Task.WhenAll(CoveringArray.Rows.Select(row => Scaffold.CreateAsync(row))));
        return CoveringArray.Rows.Zip(faults).ToDictionary(pair => pair.First.ToString(), pair => pair.Second);
    }
}
