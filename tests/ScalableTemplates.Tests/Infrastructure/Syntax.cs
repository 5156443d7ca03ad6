using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Infrastructure;

internal static class Syntax
{
    /// <returns>Why the file does not parse; null if it does, or if its format is not known here.</returns>
    public static string? ErrorIn(string path, string text)
    {
        try
        {
            switch (Path.GetExtension(path))
            {
                case ".csproj" or ".props" or ".targets" or ".slnx" or ".xml" or ".config":
                    XDocument.Parse(text);
                    break;
                case ".json":
                    // The configuration of .NET may have comments.
                    var options = new JsonDocumentOptions { CommentHandling = path.Contains("appsettings", StringComparison.Ordinal) ? JsonCommentHandling.Skip : JsonCommentHandling.Disallow };
                    JsonDocument.Parse(text, options).Dispose();
                    break;
                case ".yml" or ".yaml":
                    new YamlStream().Load(new StringReader(text));
                    break;
            }

            return null;
        }
        catch (Exception exception) when (exception is XmlException or JsonException or YamlException)
        {
            return exception.Message;
        }
    }
}
