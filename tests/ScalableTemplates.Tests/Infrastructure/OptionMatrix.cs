namespace ScalableTemplates.Tests.Infrastructure;

internal static class OptionMatrix
{
    /// <summary>
    /// Every combination of the options that determine the output. The stage only decides the meaning of 'auto', which does not occur
    /// here, so it alternates instead of doubling the number. Of combinations with the same output, as SQLite omits pieces, only the
    /// first is included, which selects the most pieces.
    /// </summary>
    public static IReadOnlyList<TemplateOptions> All { get; } = Enumerate().ToList();

    private static IEnumerable<TemplateOptions> Enumerate()
    {
        IEnumerable<TemplateOptions> combinations = [TemplateOptions.Services];
        foreach (var dimension in Dimension.All.Where(dimension => dimension != Dimension.Stage))
        {
            combinations = combinations.SelectMany(options => dimension.Values.Select(value => options.With(dimension, value)));
        }

        return combinations.DistinctBy(options => options.Pieces).Select((options, index) =>
            options.With(Dimension.Stage, Dimension.Stage.Values[int.PopCount(index) % Dimension.Stage.Values.Length]));
    }
}
