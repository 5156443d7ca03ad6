using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;

namespace ScalableTemplates.Tests.Images;

/// <summary>A container image: its configuration and layers.</summary>
internal sealed class Image(JsonElement config, IReadOnlyList<byte[]> layers)
{
    public string Platform => $"{config.GetProperty("os")}/{config.GetProperty("architecture")}";

    public string User => Settings.GetProperty(nameof(User)).GetString()!;

    public string WorkingFolder => Settings.GetProperty("WorkingDir").GetString()!;

    /// <summary>The command that the container runs.</summary>
    public string[] Command => [.. Strings("Entrypoint"), .. Strings("Cmd")];

    public string[] Ports => [.. Names("ExposedPorts").Order(StringComparer.Ordinal)];

    public string[] Variables => Strings("Env");

    public IReadOnlyDictionary<string, string> Labels =>
        Settings.GetProperty(nameof(Labels)).EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!);

    private JsonElement Settings => config.GetProperty("config");

    /// <summary>Reads an image, or all images of an index.</summary>
    /// <returns>The images by platform.</returns>
    public static IReadOnlyDictionary<string, Image> Read(byte[] manifest, Func<string, byte[]> getManifest, Func<string, byte[]> getBlob)
    {
        var root = JsonSerializer.Deserialize<JsonElement>(manifest);
        var manifests = root.TryGetProperty("manifests", out var platforms)
            ? platforms.EnumerateArray().Select(platform => JsonSerializer.Deserialize<JsonElement>(getManifest(DigestOf(platform))))
            : [root];
        return manifests.Select(Create).ToDictionary(image => image.Platform);

        Image Create(JsonElement image) => new(
            JsonSerializer.Deserialize<JsonElement>(getBlob(DigestOf(image.GetProperty("config")))),
            [.. image.GetProperty("layers").EnumerateArray().Select(layer => getBlob(DigestOf(layer)))]);
    }

    /// <summary>Extracts the layers to a folder, with the owners and permissions of their files if the tests run as root.</summary>
    public async Task ExtractAsync(string folder)
    {
        foreach (var layer in layers)
        {
            await using var gzip = new GZipStream(new MemoryStream(layer), CompressionMode.Decompress);
            await TarFile.ExtractToDirectoryAsync(gzip, folder, overwriteFiles: true);
        }
    }

    private static string DigestOf(JsonElement descriptor) => descriptor.GetProperty("digest").GetString()!;

    private string[] Strings(string name) => Settings.TryGetProperty(name, out var values) && values.ValueKind == JsonValueKind.Array
        ? [.. values.EnumerateArray().Select(value => value.GetString()!)]
        : [];

    private IEnumerable<string> Names(string name) => Settings.TryGetProperty(name, out var values) ? values.EnumerateObject().Select(value => value.Name) : [];
}
