using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ScalableTemplates.Tests.Names;

/// <summary>
/// The types that code uses by their simple name. A segment of the solution's namespace with the same name would hide them, because
/// members of enclosing namespaces take precedence over 'using' directives.
/// </summary>
internal static class UsedTypes
{
    /// <param name="files">The generated code by path.</param>
    public static IReadOnlySet<string> In(IEnumerable<KeyValuePair<string, string>> files)
    {
        var roots = files.Select(file => CSharpSyntaxTree.ParseText(file.Value).GetCompilationUnitRoot()).ToList();
        var declared = roots
            .SelectMany(root => root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>())
            .ToLookup(type => type.Identifier.ValueText, Namespace);
        return roots.SelectMany(root => In(root, declared)).ToHashSet();
    }

    private static IEnumerable<string> In(CompilationUnitSyntax root, ILookup<string, string> declared)
    {
        var nodes = root.DescendantNodes(node => node is not UsingDirectiveSyntax).ToList();
        var typeParameters = nodes.OfType<TypeParameterSyntax>().Select(parameter => parameter.Identifier.ValueText).ToHashSet();
        var members = nodes.OfType<PropertyDeclarationSyntax>().Select(property => property.Identifier.ValueText)
            .Concat(nodes.OfType<VariableDeclaratorSyntax>().Select(variable => variable.Identifier.ValueText))
            .Concat(nodes.OfType<ParameterSyntax>().Select(parameter => parameter.Identifier.ValueText))
            .ToHashSet();
        return
            from name in nodes.OfType<SimpleNameSyntax>()
            let text = name.Identifier.ValueText
            where char.IsUpper(text[0]) && !typeParameters.Contains(text)
            where IsType(name) || (IsOwner(name) && !members.Contains(text))
            // Inside the namespace that declares it, a type takes precedence.
            where !declared[text].Any(place => place.Length > 0 && $"{Namespace(name)}.".StartsWith($"{place}.", StringComparison.Ordinal))
            select text;
    }

    // A name after a dot is looked up only in its qualifier.
    private static bool IsType(SimpleNameSyntax name) =>
        name.Parent is not (QualifiedNameSyntax or BaseNamespaceDeclarationSyntax)
            ? SyntaxFacts.IsInTypeOnlyContext(name) || name.Parent is ConstantPatternSyntax
            : name.Parent is QualifiedNameSyntax qualified && qualified.Left == name && qualified.Parent is not BaseNamespaceDeclarationSyntax;

    private static bool IsOwner(SimpleNameSyntax name) =>
        name.Parent is MemberAccessExpressionSyntax access && access.Expression == name;

    private static string Namespace(SyntaxNode node) =>
        node.FirstAncestorOrSelf<BaseNamespaceDeclarationSyntax>()?.Name.ToString() ?? "";
}
