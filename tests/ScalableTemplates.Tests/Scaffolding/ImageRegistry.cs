using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace ScalableTemplates.Tests.Scaffolding;

/// <summary>A container registry with one image of one empty layer, used instead of the registry of the .NET images.</summary>
internal sealed class ImageRegistry : IAsyncDisposable
{
    private const string Repository = "dotnet/aspnet";
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private readonly StaticWebServer web = new();

    public ImageRegistry()
    {
        var tar = EmptyTar();
        var layer = Compress(tar);
        var config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
            os = "linux",
            config = new { User = "1654" },
            rootfs = new { type = "layers", diff_ids = new[] { Digest(tar) } },
            history = Array.Empty<object>(),
        });
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
            layers = new[] { new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length, digest = Digest(layer) } },
        });

        web.Add("/v2/", "application/json", "{}");
        web.Add($"/v2/{Repository}/manifests/10.0", ManifestType, manifest);
        web.Add($"/v2/{Repository}/manifests/{Digest(manifest)}", ManifestType, manifest);
        web.Add($"/v2/{Repository}/blobs/{Digest(config)}", "application/octet-stream", config);
        web.Add($"/v2/{Repository}/blobs/{Digest(layer)}", "application/octet-stream", layer);
    }

    public string Image => $"localhost:{web.Port}/{Repository}:10.0";

    public ValueTask DisposeAsync() => web.DisposeAsync();

    private static byte[] EmptyTar()
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "app/"));
        }

        return stream.ToArray();
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    private static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
}
