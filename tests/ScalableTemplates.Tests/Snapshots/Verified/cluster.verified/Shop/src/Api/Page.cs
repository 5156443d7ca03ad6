namespace Shop.Api;

/// <param name="Items">The items of the page, at most as many as the limit.</param>
/// <param name="Next">The value of <c>after</c> for the next page; null on the last page.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, Guid? Next)
{
    /// <param name="rows">Queried with <paramref name="limit"/> + 1, so that an extra row means that there is a next page.</param>
    public static Page<T> Of(List<T> rows, int limit, Func<T, Guid> id) =>
        rows.Count > limit ? new(rows[..limit], id(rows[limit - 1])) : new(rows, null);
}
