using ScalableTemplates.Tests.Builds;

namespace ScalableTemplates.Tests.Infrastructure;

internal static class OptionMatrix
{
    /// <summary>
    /// Every combination of the structural options, without additive ones; each additive option on its own in each stage; and each pair
    /// of an additive option with another option. The stage only decides the meaning of 'auto', which does not occur here, so it
    /// alternates instead of multiplying the number. Of combinations with the same output, as SQLite omits pieces, only the first is
    /// included, which selects the most pieces.
    /// </summary>
    public static IReadOnlyList<TemplateOptions> All { get; } = [.. Structural().Concat(Additive()).DistinctBy(options => options.Pieces)];

    private static IEnumerable<TemplateOptions> Structural()
    {
        IEnumerable<TemplateOptions> combinations = [WithoutAdditive(TemplateOptions.Services)];
        foreach (var dimension in Dimension.All.Where(dimension => dimension != Dimension.Stage && !dimension.IsAdditive))
        {
            combinations = combinations.SelectMany(options => dimension.Values.Select(value => options.With(dimension, value)));
        }

        return combinations.DistinctBy(options => options.Pieces).Select((options, index) =>
            options.With(Dimension.Stage, Dimension.Stage.Values[int.PopCount(index) % Dimension.Stage.Values.Length]));
    }

    private static IEnumerable<TemplateOptions> Additive() =>
    [
        .. TemplateOptions.Stages.Select(stage => stage.Explicit()),
        .. from stage in TemplateOptions.Stages
           from dimension in Dimension.All
           where dimension.IsAdditive
           from value in dimension.Values
           select WithoutAdditive(stage.Explicit()).With(dimension, value),
        .. CoveringArray.Rows,
    ];

    private static TemplateOptions WithoutAdditive(TemplateOptions options) =>
        Dimension.All.Where(dimension => dimension.IsAdditive).Aggregate(options, (all, dimension) => all.With(dimension, "none"));
}
