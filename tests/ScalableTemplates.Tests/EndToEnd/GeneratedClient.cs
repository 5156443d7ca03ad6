using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;

namespace ScalableTemplates.Tests.EndToEnd;

/// <summary>A client that is generated from an OpenAPI document and compiled together with a program that uses it.</summary>
internal static class GeneratedClient
{
    /// <param name="document">The file of the OpenAPI document.</param>
    /// <param name="program">A file with a class Program, which has a static method RunAsync.</param>
    public static async Task<T> RunAsync<T>(string document, string program, params object[] arguments)
    {
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "ApiClient",
            CSharpGeneratorSettings = { Namespace = "Client", JsonLibrary = CSharpJsonLibrary.SystemTextJson, JsonLibraryVersion = 10, GenerateNullableReferenceTypes = true },
        };
        var client = new CSharpClientGenerator(await OpenApiDocument.FromFileAsync(document), settings).GenerateFile();

        var method = Compile(client, program).GetType("Client.Program", throwOnError: true)!.GetMethod("RunAsync")!;
        return await (Task<T>)method.Invoke(null, arguments)!;
    }

    private static Assembly Compile(params string[] files)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "GeneratedClient",
            files.Select(file => CSharpSyntaxTree.ParseText(file)),
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var assembly = new MemoryStream();
        var errors = compilation.Emit(assembly).Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).ToList();
        Assert.True(errors.Count == 0, string.Join(Environment.NewLine, errors));
        return Assembly.Load(assembly.ToArray());
    }
}
