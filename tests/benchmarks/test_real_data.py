from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.real_data import convert

LINE = {
    "Invoice": 489434,
    "StockCode": "85048",
    "Description": "LIGHTS",
    "Quantity": 12,
    "InvoiceDate": pd.Timestamp("2009-12-01 07:45"),
    "Price": 6.95,
    "Customer ID": 13085.0,
    "Country": "United Kingdom",
}


def test_both_sheets_of_online_retail_ii_become_rows_with_the_sheet_s_name(tmp_path: Path) -> None:
    download = tmp_path / "online_retail_II.xlsx"
    with pd.ExcelWriter(download) as workbook:
        pd.DataFrame([LINE]).to_excel(workbook, sheet_name="Year 2009-2010", index=False)
        pd.DataFrame([LINE | {"Customer ID": None}]).to_excel(workbook, sheet_name="Year 2010-2011", index=False)

    rows = pd.read_parquet(convert(download, tmp_path / "data"))

    text = LINE | {"Invoice": "489434", "Customer ID": 13085}
    assert rows["Customer ID"].isna().tolist() == [False, True]
    assert rows.iloc[0].to_dict() == text | {"sheet": "Year 2009-2010"}
    assert rows["sheet"].tolist() == ["Year 2009-2010", "Year 2010-2011"]


def test_online_retail_ii_as_csv_gives_the_same_rows_as_the_workbook(tmp_path: Path) -> None:
    lines = pd.DataFrame([LINE, LINE | {"Customer ID": None, "Description": "CAFÉ"}])
    lines.to_excel(tmp_path / "online_retail_II.xlsx", sheet_name="online_retail_II", index=False)
    lines.to_csv(tmp_path / "online_retail_II.csv", index=False)

    workbook, csv = (
        pd.read_parquet(convert(tmp_path / f"online_retail_II.{kind}", tmp_path / kind)) for kind in ("xlsx", "csv")
    )

    pd.testing.assert_frame_equal(csv, workbook)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_superstore_as_tableau_names_it_is_read_in_both_its_encodings(tmp_path: Path, encoding: str) -> None:
    download = tmp_path / "Sample - Superstore.csv"
    header = "Order ID,Order Date,Ship Date,Product Name,Sales,Profit"
    download.write_text(f"{header}\nCA-1,11/8/2016,11/11/2016,Café set,261.96,41.9\n", encoding=encoding)

    written = convert(download, tmp_path)

    assert written.name == "superstore.parquet"
    assert pd.read_parquet(written).to_dict("records") == [
        {
            "Order ID": "CA-1",
            "Order Date": pd.Timestamp(2016, 11, 8),
            "Ship Date": pd.Timestamp(2016, 11, 11),
            "Product Name": "Café set",
            "Sales": 261.96,
            "Profit": 41.9,
        }
    ]


def test_cdnow_s_text_file_keeps_ids_as_text_and_days_as_dates(tmp_path: Path) -> None:
    download = tmp_path / "CDNOW_master.txt"
    download.write_text(" 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n")

    rows = pd.read_parquet(convert(download, tmp_path))

    assert rows.to_dict("list") == {
        "customer_id": ["00001", "00002"],
        "date": [pd.Timestamp(1997, 1, 1), pd.Timestamp(1997, 1, 12)],
        "number_of_cds": [1, 1],
        "dollar_value": [11.77, 12.0],
    }


def test_an_unknown_download_is_refused_with_the_names_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"sales\.csv is not a known download: expected a name of online_retail_ii"):
        convert(tmp_path / "sales.csv", tmp_path)
