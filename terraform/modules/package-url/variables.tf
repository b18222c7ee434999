variable "package_url" {
  description = "URL of the zip with the binary `bootstrap`, such as that of a release. Redirects are followed."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.package_url, "https://")
    error_message = "package_url must start with https://."
  }
}

variable "package_sha256" {
  description = "SHA-256 of the zip, in hexadecimal. Another zip is refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "package_sha256 must be 64 lowercase hexadecimal digits."
  }
}

variable "bucket" {
  description = "Name of an existing bucket in the region of the function, which keeps the zip"
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags for the object"
  type        = map(string)
  default     = {}
  nullable    = false
}
