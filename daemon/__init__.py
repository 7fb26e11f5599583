"""The service and the command line around the ground science of ``retrieval``."""
