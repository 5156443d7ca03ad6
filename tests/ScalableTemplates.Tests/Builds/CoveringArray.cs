using ScalableTemplates.Tests.Infrastructure;

namespace ScalableTemplates.Tests.Builds;

/// <summary>A pair of option values.</summary>
internal sealed record Pair(Dimension First, string FirstValue, Dimension Second, string SecondValue)
{
    // SQLite supports neither a separate worker nor a replica, so the template omits them with a note.
    public bool IsSupported => !Has(Dimension.Database, "sqlite") || !(Has(Dimension.Worker, "separate") || Has(Dimension.Replica, "streaming"));

    public bool IsIn(TemplateOptions options) => options[First] == FirstValue && options[Second] == SecondValue;

    private bool Has(Dimension dimension, string value) =>
        (First == dimension && FirstValue == value) || (Second == dimension && SecondValue == value);
}

/// <summary>A small set of combinations that covers every pair of option values, as most bugs involve at most two options.</summary>
internal static class CoveringArray
{
    public static IReadOnlyList<Pair> Pairs { get; } =
    [
        .. from first in Dimension.All
           from second in Dimension.All.SkipWhile(dimension => dimension != first).Skip(1)
           from firstValue in first.Values
           from secondValue in second.Values
           let pair = new Pair(first, firstValue, second, secondValue)
           where pair.IsSupported
           select pair,
    ];

    public static IReadOnlyList<TemplateOptions> Rows { get; } = [.. Generate()];

    private static List<TemplateOptions> Generate()
    {
        // Always includes the defaults of each stage and an AppHost that starts only the API.
        List<TemplateOptions> rows =
        [
            TemplateOptions.Services.Explicit(),
            TemplateOptions.Single.Explicit(),
            TemplateOptions.Cluster.Explicit(),
            TemplateOptions.Single.With(Dimension.Orchestrator, "aspire").Explicit(),
        ];
        var uncovered = Pairs.Where(pair => !rows.Any(pair.IsIn)).ToList();
        while (uncovered.Count > 0)
        {
            var row = Complete(uncovered[0], uncovered);
            rows.Add(row);
            uncovered.RemoveAll(pair => pair.IsIn(row));
        }

        return rows;
    }

    private static TemplateOptions Complete(Pair start, List<Pair> uncovered)
    {
        var chosen = new Dictionary<Dimension, string> { [start.First] = start.FirstValue, [start.Second] = start.SecondValue };
        foreach (var dimension in Dimension.All.Where(dimension => !chosen.ContainsKey(dimension)))
        {
            chosen[dimension] = dimension.Values
                .Where(value => PairsWith(chosen, dimension, value).All(pair => pair.IsSupported))
                .MaxBy(value => PairsWith(chosen, dimension, value).Count(uncovered.Contains))!;
        }

        return Dimension.All.Aggregate(TemplateOptions.Services, (options, dimension) => options.With(dimension, chosen[dimension]));
    }

    private static IEnumerable<Pair> PairsWith(Dictionary<Dimension, string> chosen, Dimension dimension, string value) =>
        from other in chosen
        select Dimension.All.ToList().IndexOf(other.Key) < Dimension.All.ToList().IndexOf(dimension)
            ? new Pair(other.Key, other.Value, dimension, value)
            : new Pair(dimension, value, other.Key, other.Value);
}
