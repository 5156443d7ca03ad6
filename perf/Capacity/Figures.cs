using System.Text.Json;

namespace Capacity;

/// <param name="Source">Where it was measured, as a file and the beginning of a line in it, or why it is assumed.</param>
internal sealed record Figure(double Value, string Unit, string Source);

/// <summary>The measured and assumed figures of figures.json, in base units: seconds, bytes.</summary>
internal sealed class Figures(IReadOnlyDictionary<string, Dictionary<string, Figure>> sections)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public IReadOnlyDictionary<string, Dictionary<string, Figure>> Sections => sections;

    /// <summary>The kinds of requests, which are the sections with a share.</summary>
    public IEnumerable<string> Requests => sections.Where(section => section.Value.ContainsKey("share of requests")).Select(section => section.Key);

    public double this[string section, string name] => sections[section][name] switch
    {
        { Unit: "µs CPU" } figure => figure.Value / 1e6,
        { Unit: "ms" } figure => figure.Value / 1e3,
        { Unit: "minutes" } figure => figure.Value * 60,
        var figure => figure.Value,
    };

    public static Figures Load()
    {
        using var file = typeof(Figures).Assembly.GetManifestResourceStream("figures.json")!;
        return new(JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, Figure>>>(file, Json)!);
    }
}
