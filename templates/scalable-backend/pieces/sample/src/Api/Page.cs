namespace ScalableBackend.Api;

/// <param name="Items">At most as many as were asked for.</param>
/// <param name="Next">Pass it as <c>after</c> to get the next page; null on the last one.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, Guid? Next)
{
    /// <param name="rows">One more than <paramref name="limit"/> if there is a next page.</param>
    public static Page<T> Of(List<T> rows, int limit, Func<T, Guid> id) =>
        rows.Count > limit ? new(rows[..limit], id(rows[limit - 1])) : new(rows, null);
}
