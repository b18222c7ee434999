# Downloads a package and pins it: the output depends on the comparison of its SHA-256, so that a function that is deployed from
# the output gets this package or none.

locals {
  # SHA-256 in base64, as Lambda reports it, from hexadecimal: three digits are twelve bits, which are two characters.
  base64_digits = split("", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  pinned_sha256 = join("", concat(
    flatten([
      for position in range(0, 63, 3) : [
        local.base64_digits[floor(parseint(substr(var.package_sha256, position, 3), 16) / 64)],
        local.base64_digits[parseint(substr(var.package_sha256, position, 3), 16) % 64],
      ]
    ]),
    [local.base64_digits[parseint(substr(var.package_sha256, 63, 1), 16) * 4], "="],
  ))
}

data "http" "package" {
  url = var.package_url

  lifecycle {
    postcondition {
      condition     = self.status_code == 200
      error_message = "The package could not be downloaded: the server answered with the status ${self.status_code}."
    }
  }
}

resource "aws_s3_object" "package" {
  bucket         = var.bucket
  key            = "account-onboarding/${var.package_sha256}.zip"
  content_base64 = data.http.package.response_body_base64
  content_type   = "application/zip"
  tags           = var.tags
}

# Terraform cannot compute the SHA-256 of a downloaded file, and S3 computes none for an upload in parts. Lambda computes that of
# a layer. No function uses this layer; it costs nothing.
resource "aws_lambda_layer_version" "package" {
  layer_name        = "account-onboarding-package"
  description       = "Verifies the SHA-256 of the package; not used by a function"
  s3_bucket         = aws_s3_object.package.bucket
  s3_key            = aws_s3_object.package.key
  s3_object_version = aws_s3_object.package.version_id
  source_code_hash  = local.pinned_sha256

  lifecycle {
    postcondition {
      condition     = self.code_sha256 == local.pinned_sha256
      error_message = "The SHA-256 of the package at ${var.package_url} is not package_sha256."
    }
  }
}
