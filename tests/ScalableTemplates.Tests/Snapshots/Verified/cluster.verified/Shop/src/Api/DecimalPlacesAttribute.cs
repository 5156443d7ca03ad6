using System.ComponentModel.DataAnnotations;

namespace Shop.Api;

/// <summary>Rejects a number with more decimal places than the database stores, instead of rounding it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class DecimalPlacesAttribute(int count) : ValidationAttribute($"The field {{0}} must have at most {count} decimal places.")
{
    public int Count => count;

    public override bool IsValid(object? value) => value is not decimal number || decimal.Round(number, count) == number;
}
