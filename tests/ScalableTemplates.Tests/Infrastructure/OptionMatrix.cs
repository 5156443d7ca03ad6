namespace ScalableTemplates.Tests.Infrastructure;

internal static class OptionMatrix
{
    /// <summary>
    /// Every combination of the options that decide what is in the output. The stage only says what 'auto' means, and no
    /// 'auto' is left here, so it alternates instead of doubling the number. Where combinations mean the same, as
    /// SQLite leaves pieces out, the first stands for all: it asks for the most.
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
