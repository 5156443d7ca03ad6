using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace ScalableTemplates.Tests.Images;

/// <summary>A stand-in for the chiseled image of ASP.NET Core, for both platforms: the same settings, but no files.</summary>
internal static class BaseImage
{
    private const string IndexType = "application/vnd.docker.distribution.manifest.list.v2+json";
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private static readonly string[] Architectures = ["amd64", "arm64"];

    private static readonly string[] Variables =
    [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "APP_UID=1654",
        "ASPNETCORE_HTTP_PORTS=8080",
        "DOTNET_RUNNING_IN_CONTAINER=true",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true",
    ];

    public static void AddTo(IDictionary<string, byte[]> blobs, Action<string, string, byte[]> addManifest)
    {
        var tar = EmptyTar();
        var platforms = Architectures.Select(architecture =>
        {
            var manifest = Manifest(AddBlob(Compress(tar)), AddBlob(Config(architecture, Digest(tar))));
            addManifest(architecture, ManifestType, manifest);
            return new { mediaType = ManifestType, size = manifest.Length, digest = Digest(manifest), platform = new { architecture, os = "linux" } };
        });
        addManifest("10.0", IndexType, JsonSerializer.SerializeToUtf8Bytes(new { schemaVersion = 2, mediaType = IndexType, manifests = platforms.ToArray() }));

        byte[] AddBlob(byte[] blob) => blobs[Digest(blob)] = blob;
    }

    public static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Config(string architecture, string layer) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        architecture,
        os = "linux",
        // The user is left out, so that the image has it only if the solution says so.
        config = new { Env = Variables },
        rootfs = new { type = "layers", diff_ids = new[] { layer } },
        history = Array.Empty<object>(),
    });

    private static byte[] Manifest(byte[] layer, byte[] config) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        schemaVersion = 2,
        mediaType = ManifestType,
        config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
        layers = new[] { new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length, digest = Digest(layer) } },
    });

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
}
