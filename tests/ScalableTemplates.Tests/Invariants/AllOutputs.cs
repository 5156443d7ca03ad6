using System.Collections.Concurrent;
using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Invariants;

[CollectionDefinition(nameof(AllOutputs))]
public sealed class SharedAllOutputs : ICollectionFixture<AllOutputs>;

/// <summary>The output of every combination of options.</summary>
public sealed class AllOutputs : IAsyncLifetime
{
    // Interned, as most files are identical in most outputs.
    private readonly ConcurrentDictionary<string, string> texts = new();

    internal IReadOnlyList<Output> Outputs { get; private set; } = [];

    public async Task InitializeAsync()
    {
        var engine = await Engine.StartAsync();
        var outputs = new Output[OptionMatrix.All.Count];
        await Parallel.ForAsync(0, outputs.Length, async (index, _) =>
        {
            var tree = await engine.CreateAsync(OptionMatrix.All[index]);
            var files = tree.Scrub().Files.ToDictionary(file => file.Key, file => texts.GetOrAdd(file.Value, file.Value));
            outputs[index] = new Output(OptionMatrix.All[index], files);
        });
        Outputs = outputs;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>Checks each distinct file once. A finding names one of the combinations that contain the file.</summary>
    internal IEnumerable<string> InEachFile(Func<string, string, IEnumerable<string>> check) =>
        from file in Outputs
            .SelectMany(output => output.Files.Select(file => (output.Options, Path: file.Key, Text: file.Value)))
            .DistinctBy(file => (file.Path, file.Text))
        from finding in check(file.Path, file.Text)
        group file.Options by $"{file.Path}: {finding}" into same
        select $"{same.Key}   [{same.First()}]";

    /// <summary>Checks each output. Findings that several outputs have in common are reported once.</summary>
    internal IEnumerable<string> InEachOutput(Func<Output, IEnumerable<string>> check) =>
        from finding in Outputs.SelectMany(output => check(output).Select(text => (Text: text, output.Options)))
        group finding.Options by finding.Text into same
        select $"{same.Key}   [{same.First()}]{(same.Count() > 1 ? $" and {same.Count() - 1} more" : "")}";
}

internal sealed record Output(TemplateOptions Options, IReadOnlyDictionary<string, string> Files);
