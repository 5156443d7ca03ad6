using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ScalableTemplates.Tests.Infrastructure;

internal static class Syntax
{
    /// <returns>The parse error; null if the file is valid or its format is not supported.</returns>
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
                    // Configuration files of .NET may contain comments.
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
