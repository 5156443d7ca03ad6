using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Builds;

public sealed class BuildTests
{
    public static TheoryData<string> Rows() => [.. CoveringArray.Rows.Select(row => row.ToString())];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Output_builds_without_a_warning(string options) =>
        await Build.AssertSucceedsAsync(await Scaffold.CreateAsync(CoveringArray.Rows.Single(row => row.ToString() == options)));

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
}
