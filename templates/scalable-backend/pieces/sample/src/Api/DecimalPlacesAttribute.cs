using System.ComponentModel.DataAnnotations;

namespace ScalableBackend.Api;

/// <summary>Refuses a number with more decimal places than are stored, which would otherwise be rounded.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class DecimalPlacesAttribute(int count) : ValidationAttribute($"The field {{0}} must have at most {count} decimal places.")
{
    public int Count => count;

    public override bool IsValid(object? value) => value is not decimal number || decimal.Round(number, count) == number;
}
