@rem Enregistrer une réunion : demande son nom / record a meeting, asks its name
@call "%~dp0record.bat" --ask-name
