output "s3_existing_package" {
  description = "The verified package, as the value of the main module's input `s3_existing_package`"
  value = {
    bucket     = aws_s3_object.package.bucket
    key        = aws_s3_object.package.key
    version_id = aws_s3_object.package.version_id
  }

  depends_on = [aws_lambda_layer_version.package]
}

output "package_sha256" {
  description = "The pinned SHA-256, as the value of the main module's input of the same name"
  value       = var.package_sha256

  depends_on = [aws_lambda_layer_version.package]
}
