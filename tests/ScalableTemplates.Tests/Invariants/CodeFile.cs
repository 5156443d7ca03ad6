using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ScalableTemplates.Tests.Invariants;

/// <summary>The syntax of a C# file, with what the search for settings needs of it.</summary>
internal sealed class CodeFile
{
    private CodeFile(CompilationUnitSyntax root)
    {
        var nodes = root.DescendantNodes().ToList();
        Constants = nodes.OfType<FieldDeclarationSyntax>()
            .Where(field => field.Modifiers.Any(SyntaxKind.ConstKeyword))
            .SelectMany(field => field.Declaration.Variables)
            .Where(variable => variable.Initializer is not null)
            .ToLookup(variable => $"{TypeOf(variable)}.{variable.Identifier.Text}", variable => variable.Initializer!.Value);
        Types = nodes.OfType<TypeDeclarationSyntax>().ToLookup(type => type.Identifier.Text);
        Calls = nodes.OfType<InvocationExpressionSyntax>().ToLookup(NameOf);
        Indexers = nodes.OfType<ElementAccessExpressionSyntax>().Where(access => IsConfiguration(access.Expression)).ToList();
    }

    /// <summary>Values of constants by the names of their type and their own.</summary>
    public ILookup<string, ExpressionSyntax> Constants { get; }

    public ILookup<string, TypeDeclarationSyntax> Types { get; }

    public ILookup<string, InvocationExpressionSyntax> Calls { get; }

    /// <summary>Such as <c>builder.Configuration["urls"]</c>.</summary>
    public IReadOnlyList<ElementAccessExpressionSyntax> Indexers { get; }

    public static CodeFile Parse(string text) => new(CSharpSyntaxTree.ParseText(text).GetCompilationUnitRoot());

    public static string TypeOf(SyntaxNode node) => node.FirstAncestorOrSelf<TypeDeclarationSyntax>()?.Identifier.Text ?? "Program";

    public static string NameOf(InvocationExpressionSyntax call) => (call.Expression switch
    {
        MemberAccessExpressionSyntax member => member.Name,
        SimpleNameSyntax name => name,
        _ => null,
    })?.Identifier.Text ?? "";

    public static ExpressionSyntax? ReceiverOf(InvocationExpressionSyntax call) => (call.Expression as MemberAccessExpressionSyntax)?.Expression;

    public static bool IsConfiguration(ExpressionSyntax? receiver) =>
        receiver?.ToString() is { } text && (text.EndsWith("onfiguration", StringComparison.Ordinal) || text.EndsWith("<IConfiguration>()", StringComparison.Ordinal));
}
